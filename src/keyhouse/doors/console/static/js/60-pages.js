// Small things that many pages have.
{
  // Copy, and say so where it was pressed.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const from = button.dataset.copyFrom;
    const text = from ? document.getElementById(from).textContent.trim() : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS there is no clipboard of that kind; the old way needs a selection.
      const area = document.createElement("textarea");
      area.value = text;
      (button.closest("dialog") ?? document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const words = button.querySelector("[data-copy-words]");
    if (words && !words.dataset.before) {
      words.dataset.before = words.textContent;
      words.textContent = "Copied";
      setTimeout(() => {
        words.textContent = words.dataset.before;
        delete words.dataset.before;
      }, 1600);
    }
    button.dispatchEvent(new CustomEvent("keyhouse:copied", { bubbles: true }));
  });

  // A row opens what it shows; its link does so too, for keyboards.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label, summary")) return;
    if (getSelection()?.toString()) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href, "_blank", "noopener");
    else row.querySelector(`a[href="${CSS.escape(row.dataset.href)}"], a`).click();
  });

  // What asks again by itself rests while nobody looks.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polls = event.target.closest?.("[data-poll]") === event.target;
    if (polls && document.hidden) event.preventDefault();
  });

  // A form that came back takes the reader to what is wrong.
  document.querySelector("main [data-wrong], main [aria-invalid=true]")?.focus();

  // Twice pressed is once sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    const again = () => delete form.dataset.sent;
    setTimeout(again, 5000);
    window.addEventListener("pageshow", again, { once: true });
  });
}

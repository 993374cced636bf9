// Ctrl or Cmd K. Pages are found here, in the rail's own links; keys by the server,
// asked by POST, so that a whole secret pasted here stands in no address and no log.
{
  const palette = document.getElementById("palette");
  const input = palette?.querySelector("input");
  const list = palette?.querySelector("[role=listbox]");

  const options = () => [...list.querySelectorAll("[role=option]")].filter((one) => !one.hidden);
  const mark = (option) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    input.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const all = options();
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (all.length) mark(all[(at + step + all.length) % all.length]);
  };
  // What the list answers to, and whether Enter came before the answer did: then the
  // list still shows something else, and the press waits for what was meant.
  let asked = null;
  let answered = null;
  let hurried = false;
  const choose = () => {
    const chosen = options().find((one) => one.getAttribute("aria-selected") === "true");
    if (!chosen) return;
    palette.close();
    chosen.click();
  };
  const show = () => {
    if (!palette || palette.open) return;
    input.value = "";
    list.replaceChildren();
    palette.showModal();
    htmx.trigger(input, "find");
  };

  if (palette) {
    for (const button of document.querySelectorAll("[data-palette]")) {
      button.hidden = false;
      button.addEventListener("click", show);
      if (/Mac|iP/.test(navigator.platform)) button.querySelector("kbd").textContent = "⌘ K";
    }
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      show();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      }
    });
    palette.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (answered === input.value) choose();
      else hurried = true;
    });
    input.addEventListener("input", () => {
      hurried = false;
    });
    input.addEventListener("htmx:beforeRequest", () => {
      asked = input.value;
    });
    palette.addEventListener("close", () => {
      input.value = "";
      answered = null;
      hurried = false;
      list.replaceChildren();
    });
    list.addEventListener("htmx:afterSwap", () => {
      mark(options()[0]);
      answered = asked;
      if (hurried && answered === input.value) choose();
    });
  }
}

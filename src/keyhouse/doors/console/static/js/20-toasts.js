// Toasts: those of the page and those that an answer brings in HX-Trigger.
{
  const shown = 7000;
  const place = document.getElementById("toasts");

  const leave = (toast) => {
    const timer = setTimeout(() => toast.remove(), shown);
    // Whoever reads it, or is about to press Undo, is not hurried.
    for (const name of ["pointerenter", "focusin"]) {
      toast.addEventListener(name, () => clearTimeout(timer), { once: true });
    }
  };

  const show = (text, bad = false) => {
    const toast = document.createElement("div");
    toast.className = bad ? "toast bad" : "toast";
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.className = "button icon-only quiet";
    close.type = "button";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", "Dismiss");
    close.textContent = "×";
    toast.append(words, close);
    // A dialog lies over all else: its toasts are shown inside it.
    (document.querySelector("dialog[open] .toasts") ?? place).append(toast);
    leave(toast);
  };

  for (const toast of place.querySelectorAll(".toast")) leave(toast);
  document.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest(".toast").remove();
  });
  document.addEventListener("toast", (event) => show(event.detail.text, event.detail.bad));
  document.addEventListener("htmx:sendError", () =>
    show("The server cannot be reached. Nothing was changed.", true),
  );
  document.addEventListener("htmx:responseError", (event) => {
    // What asks again by itself stays quiet about a single miss.
    if (event.detail.requestConfig?.triggeringEvent?.type === "every") return;
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const title = answer.querySelector("h1")?.textContent;
    show(`${title ?? "This did not work"}. Nothing was changed.`, true);
  });
}

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

  // A dialog lies over all else: what is said meanwhile is said inside it.
  const home = () => {
    const dialog = document.querySelector("dialog[open]");
    if (!dialog) return place;
    const inside = dialog.querySelector(":scope > .toasts") ?? place.cloneNode(false);
    inside.removeAttribute("id");
    dialog.append(inside);
    return inside;
  };

  const show = (text, bad = false) => {
    // Said once is enough while it can still be read.
    for (const said of document.querySelectorAll(".toast span")) {
      if (said.textContent === text) return;
    }
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
    home().append(toast);
    leave(toast);
  };

  for (const toast of place.querySelectorAll(".toast")) leave(toast);
  document.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest(".toast").remove();
  });
  document.addEventListener("toast", (event) => show(event.detail.text, event.detail.bad));
  // What asks again by itself stays quiet about a miss: the next turn may do.
  const asksAgain = (event) => event.detail.elt?.hasAttribute("data-poll");
  document.addEventListener("htmx:sendError", (event) => {
    if (!asksAgain(event)) show("The server cannot be reached. Try again in a moment.", true);
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (asksAgain(event)) return;
    if (event.detail.xhr.status === 413) {
      show("This is larger than a form may be. Nothing was changed.", true);
      return;
    }
    const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    show(`${answer.querySelector("h1")?.textContent ?? "This did not work"}.`, true);
  });
}

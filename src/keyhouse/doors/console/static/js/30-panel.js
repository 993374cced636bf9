// The side panel: a dialog with an address of its own. A link with data-panel opens it
// over the page; Back, Escape, the cross and the ground beside it close it.
{
  const panel = document.getElementById("panel");
  // How many entries of the history lie above the page that the panel covers.
  let depth = 0;
  let pageTitle = document.title;
  let opener = null;
  // Whether something was typed that a slip beside the panel would lose.
  let typed = false;

  const inside = () => panel.querySelector(".panel-inside");
  const settle = () => {
    document.title = `${inside()?.querySelector("h2")?.textContent ?? ""} – Keyhouse`;
    const first = panel.querySelector("[aria-invalid], [autofocus]");
    (first ?? panel.querySelector("input:not([type=hidden]), select, textarea") ?? panel.querySelector("h2"))?.focus();
    panel.scrollTop = 0;
  };
  const open = () => {
    if (!panel.open) panel.showModal();
  };
  const shut = () => {
    if (panel.open) panel.close();
    panel.replaceChildren();
    typed = false;
    document.title = pageTitle;
    opener?.focus();
    depth = 0;
  };
  const leave = () => {
    if (depth) history.go(-depth);
    else location.assign(inside()?.dataset.behind ?? "/");
  };
  const ask = async (url) => {
    await htmx.ajax("GET", url, { target: panel, swap: "innerHTML" });
    return Boolean(inside());
  };

  if (panel) {
    // Brought by its own address: the server sent it open, for browsers without script.
    if (panel.hasAttribute("open")) {
      panel.removeAttribute("open");
      open();
      settle();
    }
    document.addEventListener("click", async (event) => {
      const link = event.target.closest("a[data-panel]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      if (!panel.open) {
        pageTitle = document.title;
        opener = link;
      }
      if (!(await ask(link.href))) return;
      history.pushState({ panel: true }, "", link.href);
      depth += 1;
      open();
      settle();
    });
    panel.addEventListener("click", (event) => {
      const beside = event.target === panel && !typed;
      if (!beside && !event.target.closest("[data-close]")) return;
      event.preventDefault();
      leave();
    });
    panel.addEventListener("cancel", (event) => {
      if (event.target !== panel) return;
      event.preventDefault();
      leave();
    });
    panel.addEventListener("input", () => {
      typed = true;
    });
    // After a change the way leads on, and the form is not on the way back.
    panel.addEventListener("htmx:beforeOnLoad", (event) => {
      const next = event.detail.xhr.getResponseHeader("HX-Redirect");
      if (!next) return;
      event.preventDefault();
      location.replace(next);
    });
    panel.addEventListener("htmx:afterSwap", (event) => {
      if (event.target === panel && panel.open) settle();
    });
    // Before htmx hears of it, which would load the page anew.
    window.addEventListener("popstate", async (event) => {
      if (event.state?.panel) {
        event.stopImmediatePropagation();
        depth = Math.max(1, depth - 1);
        if (await ask(location.href)) {
          open();
          settle();
        }
      } else if (panel.open && depth) {
        event.stopImmediatePropagation();
        shut();
      }
    });
  }
}

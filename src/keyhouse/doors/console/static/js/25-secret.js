// The page that shows a secret once: leaving it uncopied asks, one time.
// Before the panel's own script, so that its ways out pass here first.
{
  let copied = false;
  let asked = false;
  let returning = false;
  const page = () => document.querySelector("#panel [data-secret]");
  const inDoubt = () => page() && !copied && !asked;

  const go = () => {
    asked = true;
    location.assign(page().closest(".panel-inside").dataset.behind);
  };
  const ask = () => {
    const question = page().querySelector("[data-secret-ask]");
    asked = true;
    question.showModal();
  };
  const way = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (inDoubt()) ask();
    else go();
  };

  document.addEventListener("keyhouse:copied", (event) => {
    if (event.target.closest("[data-secret]")) copied = true;
  });
  // Somebody may copy by hand, or save the page's text.
  document.addEventListener("copy", () => {
    if (page()) copied = true;
  });
  document.addEventListener(
    "click",
    (event) => {
      if (!page()) return;
      const panel = document.getElementById("panel");
      const leaves = event.target.closest("#panel [data-close], [data-leave]");
      if (leaves || event.target === panel) way(event);
    },
    true,
  );
  document.addEventListener(
    "cancel",
    (event) => {
      if (page() && event.target.id === "panel") way(event);
    },
    true,
  );
  window.addEventListener("popstate", (event) => {
    if (returning) {
      returning = false;
      event.stopImmediatePropagation();
    } else if (inDoubt()) {
      event.stopImmediatePropagation();
      returning = true;
      history.forward();
      ask();
    } else if (page()) {
      // What lies behind was loaded before the key was there.
      asked = true;
      event.stopImmediatePropagation();
      location.reload();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (inDoubt()) event.preventDefault();
  });
}

// Forms of keys: to what is wrong; one row of limits more; code as tabs.
{
  // By focus and not by address, of which the panel has one of its own.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-wrong] a[href^='#']");
    const place = link && document.getElementById(link.hash.slice(1));
    if (!place) return;
    event.preventDefault();
    const folded = place.closest("details");
    if (folded) folded.open = true;
    const first = place.matches("fieldset") ? place.querySelector("input, select") : place;
    first.focus();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (!button) return;
    event.preventDefault();
    const rows = button.closest("fieldset").querySelector("[data-rows]");
    const { rows: base, word } = rows.dataset;
    const last = rows.lastElementChild;
    const from = Number(last.dataset.row);
    const row = last.cloneNode(true);
    row.dataset.row = String(from + 1);
    for (const one of row.querySelectorAll("[name], [id], [for], [aria-describedby], [aria-label]")) {
      for (const name of ["name", "id", "for", "aria-describedby", "aria-label"]) {
        const value = one.getAttribute(name);
        if (value === null) continue;
        const moved = value
          .replace(`${base}.${from}.`, `${base}.${from + 1}.`)
          .replace(`${base}-${from}-`, `${base}-${from + 1}-`)
          .replace(`${word} ${from + 1}:`, `${word} ${from + 2}:`);
        one.setAttribute(name, moved);
      }
    }
    for (const problem of row.querySelectorAll(".problem")) problem.remove();
    for (const input of row.querySelectorAll("input")) {
      input.removeAttribute("aria-invalid");
      if (input.name.endsWith(".zone")) input.value = "UTC";
      else if (input.type !== "hidden") input.value = "";
    }
    rows.append(row);
    row.querySelector("input").focus();
  });

  const choose = (tab) => {
    for (const one of tab.closest("[data-tabs]").querySelectorAll("[role=tab]")) {
      const here = one === tab;
      one.setAttribute("aria-selected", String(here));
      one.tabIndex = here ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = !here;
    }
  };
  const settle = (root) => {
    for (const tabs of root.querySelectorAll("[data-tabs]")) {
      const chosen = tabs.querySelector("[aria-selected=true]");
      if (chosen) choose(chosen);
    }
  };
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tabs] [role=tab]");
    if (tab) choose(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[data-tabs] [role=tab]");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!tab || !step) return;
    const all = [...tab.parentElement.querySelectorAll("[role=tab]")];
    const next = all.at((all.indexOf(tab) + step) % all.length);
    event.preventDefault();
    choose(next);
    next.focus();
  });
  settle(document);
  document.addEventListener("htmx:load", (event) => settle(event.detail.elt.parentElement ?? document));
}

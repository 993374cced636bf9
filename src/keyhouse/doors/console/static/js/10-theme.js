// Light or dark: the system decides until somebody presses the switch.
{
  const year = 365 * 86400;
  const root = document.documentElement;
  const isDark = () =>
    root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;

  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const chosen = isDark() ? "light" : "dark";
    root.dataset.theme = chosen;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `keyhouse_theme=${chosen}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
    // Charts are drawn, not styled: they draw themselves anew.
    document.dispatchEvent(new CustomEvent("keyhouse:theme"));
  });
}

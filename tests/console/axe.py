"""What axe finds wrong with a page, in words."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.repository.places import ROOT

_PATH = ROOT / "web/node_modules/axe-core/axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'],
  });
  return found.violations;
}"""


@cache
def _source() -> str:
    return _PATH.read_text("utf-8")


def violations(page: Page) -> list[str]:
    """One line for each rule that the page breaks, with the elements that do."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: list[dict[str, Any]] = page.evaluate(_RUN, _RULES)
    return [_told(one) for one in found]


def _told(violation: dict[str, Any]) -> str:
    nodes = "; ".join(f"{node['html'][:160]}" for node in violation["nodes"][:4])
    why = violation["nodes"][0].get("failureSummary", "").splitlines()[1:2]
    return f"{violation['id']}: {violation['help']} {why}: {nodes}"

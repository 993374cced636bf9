"""A page held against all that is promised of every page."""

import os
import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
from playwright.sync_api import Page, expect

from tests.console import steps
from tests.console.addresses import NARROW
from tests.console.axe import violations
from tests.console.browser import DESK, PHONE, Watch

SCRIPT_BYTES_MAX = 100 * 1024
_IS_ON_TOP = """(one) => {
  const at = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(at.x + 4, at.y + at.height / 2));
}"""


def filled_in(page: Page) -> None:
    """The form of a new key as it looks when somebody is about to send it."""
    form = steps.panel(page)
    form.get_by_label("Name", exact=True).fill("Trip planner, production")
    form.get_by_label("Application").select_option(label="Route planner")
    form.get_by_label("Weather", exact=True).check()
    form.get_by_label("forecast:read").check()
    form.get_by_label("Limit 1: calls").fill("600")
    sentence = form.get_by_label("What this key will be able to do")
    expect(sentence).to_contain_text("600")
    # What has the focus is in sight, whatever stands still above it.
    name = form.get_by_label("Name", exact=True)
    name.focus()
    assert name.evaluate(_IS_ON_TOP)


def explained(page: Page) -> None:
    """A request that was tried, with what came of it."""
    form = steps.panel(page)
    form.get_by_label("Method").select_option(label="GET")
    form.get_by_label("Path in the API").fill("/v1/forecast/berlin")
    form.get_by_label("Caller's address").fill("198.51.100.7")
    form.get_by_role("button", name="Explain").click()
    heading = form.get_by_role("heading", name="What would come of it")
    expect(heading).to_be_focused()
    expect(form.get_by_text("would pass all that was looked at")).to_be_visible()


_TO_THE_TOP = "one => one.scrollIntoView()"


def at_its_limits(page: Page) -> None:
    """The form of a plan where it tells how much on which route, with a row more."""
    form = steps.panel(page)
    form.get_by_label("From the next window").check()
    form.get_by_label("Route limit 2: calls").fill("1,000")
    where = form.get_by_label("Route limit 2: on which route")
    where.select_option(label="GET /v1/forecast/{city}")
    form.get_by_role("button", name="Add a route limit").click()
    added = form.get_by_label("Route limit 3: calls")
    expect(added).to_be_focused()
    expect(added).to_have_value("")
    form.get_by_text("Limits on single routes").evaluate(_TO_THE_TOP)


PREPARED = {"key-new": filled_in, "key-explain": explained, "plan-edit": at_its_limits}
"""Pages that say more once something was typed."""


def at_size(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="light")


def look(
    window: tuple[Page, Watch], name: str, path: str, secrets: tuple[str, ...]
) -> None:
    """Open a page and hold it against all that is promised of every page."""
    page, _ = window
    at_size(page, DESK)
    page.goto(path, wait_until="networkidle")
    assert not any(secret in page.content() for secret in secrets)
    if name in PREPARED:
        PREPARED[name](page)
    hold(window, name)


def hold(window: tuple[Page, Watch], name: str) -> None:
    """Hold what is open now against it."""
    page, watch = window
    wrong = _seen(page, name, "light")
    page.emulate_media(color_scheme="dark")
    wrong += _seen(page, name, "dark")
    at_size(page, PHONE)
    wrong += _seen(page, name, "phone")
    wrong += _too_wide(page) + _too_heavy(page) + watch.left()
    watch.complaints.clear()
    assert wrong == [], "\n".join(wrong)


def _seen(page: Page, name: str, scheme: str) -> list[str]:
    folder = os.environ.get("KEYHOUSE_PICTURES")
    if folder and _is_pictured(name, scheme):
        page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
    return [f"{scheme}: {one}" for one in violations(page)]


def _is_pictured(name: str, scheme: str) -> bool:
    if name.endswith("-narrow"):
        return False
    return scheme != "phone" or name in NARROW


def _too_wide(page: Page) -> list[str]:
    width = page.evaluate("() => document.documentElement.scrollWidth")
    return [f"{width} px wide on a phone"] if width > PHONE[0] else []


def _too_heavy(page: Page) -> list[str]:
    sources = page.evaluate("() => [...document.scripts].map((one) => one.src)")
    total = sum(_compressed_bytes(urljoin(page.url, source)) for source in sources)
    return [f"{total} bytes of script"] if total > SCRIPT_BYTES_MAX else []


_sizes: dict[str, int] = {}


def _compressed_bytes(url: str) -> int:
    """What comes over the wire for a script."""
    if url not in _sizes:
        with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200
            assert re.match("gzip", answer.headers.get("Content-Encoding", ""))
            _sizes[url] = sum(len(part) for part in answer.iter_raw())
    return _sizes[url]

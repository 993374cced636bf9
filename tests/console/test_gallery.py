"""Every page as people see it: for axe, by light and by dark, and on a phone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from keyhouse.doors.console.contents import PAGES
from tests.console import steps
from tests.console.axe import violations
from tests.console.browser import DESK, PHONE, Watch, visiting
from tests.console.conftest import SignUp
from tests.console.gallery import Scene, furnish
from tests.console.installation import Installation
from tests.console.routes import Way, ways_of

SCRIPT_BYTES_MAX = 100 * 1024
_P, _O = "/{project}/{environment}", "/{organization}"
OPEN = {
    "sign-up": "/signup",
    "sent": "/sent",
    "log-in": "/login",
    "confirm": "/confirm",
    "forgot": "/forgot",
    "reset": "/reset",
}
INSIDE = {
    "overview": f"{_P}/overview",
    "apis": f"{_P}/apis",
    "api-new": f"{_P}/apis/new",
    "api": f"{_P}/apis/{{api}}",
    "api-edit": f"{_P}/apis/{{api}}/edit",
    "route-new": f"{_P}/apis/{{api}}/routes/new",
    "route": f"{_P}/apis/{{api}}/routes/{{route}}",
    "applications": f"{_P}/applications",
    "application-new": f"{_P}/applications/new",
    "application": f"{_P}/applications/{{application}}",
    "application-edit": f"{_P}/applications/{{application}}/edit",
    "keys": f"{_P}/keys",
    "key-new": f"{_P}/keys/new",
    "key": f"{_P}/keys/{{key}}",
    "key-table": f"{_P}/keys/{{key}}?span=week&shown=table",
    "key-replace": f"{_P}/keys/{{key}}/replace",
    "key-secret-end": f"{_P}/keys/{{key}}/secrets/{{secret}}/end",
    "key-revoke": f"{_P}/keys/{{key}}/revoke",
    "key-name": f"{_P}/keys/{{key}}/change/name",
    "key-access": f"{_P}/keys/{{key}}/change/access",
    "key-restrictions": f"{_P}/keys/{{key}}/change/restrictions",
    "key-limits": f"{_P}/keys/{{key}}/change/limits",
    "key-expiry": f"{_P}/keys/{{key}}/change/expiry",
    "requests": f"{_P}/requests",
    "request": f"{_P}/requests/{{request_id}}",
    "members": f"{_O}/members",
    "member-invite": f"{_O}/members/invite",
    "projects": f"{_O}/projects",
    "project-new": f"{_O}/projects/new",
    "project-edit": f"{_O}/projects/{{project}}/edit",
    "settings": f"{_O}/settings",
    "audit": f"{_O}/settings/audit",
    "organization-new": "/organizations/new",
    "account": "/account",
    "not-found": f"{_P}/nowhere",
}
EMPTY = {
    "overview-empty": f"{_P}/overview",
    "apis-empty": f"{_P}/apis",
    "applications-empty": f"{_P}/applications",
    "keys-empty": f"{_P}/keys",
    "requests-empty": f"{_P}/requests",
}
NARROW = {"overview", "keys", "key", "key-new", "key-created", "sign-up"}
"""Those that are pictured as a phone shows them, too."""
PARTS = {
    "/",
    "/invitations/{token}",
    f"{_P}/keys/{{key}}/{{act}}",
    f"{_P}/keys/{{key}}/change/{{part}}",
    f"{_P}/keys/{{key}}/living",
    f"{_P}/keys/{{key}}/usage",
    f"{_P}/keys/{{key}}/points",
}
"""No pages of their own: ways on, parts of a page, and patterns of those above."""


def test_the_gallery_has_every_page() -> None:
    """A page that nobody looks at would be the one that is broken."""
    shown = {address.partition("?")[0] for address in (OPEN | INSIDE).values()}
    ways = [way for page in PAGES for way in ways_of(page.router.routes)]
    assert {way.path for way in ways if way.is_safe} - shown - PARTS == set()


@pytest.fixture(scope="module")
def scene(installation: Installation, upstream: str, sign_up: SignUp) -> Scene:
    return furnish(installation, upstream, sign_up)


@pytest.fixture(scope="module")
def window(browser: Browser, installation: Installation) -> Iterator[tuple[Page, Watch]]:
    with visiting(browser, installation.url) as opened:
        yield opened


@pytest.mark.parametrize("name", OPEN)
def test_a_page_for_everybody(window: tuple[Page, Watch], name: str) -> None:
    window[0].context.clear_cookies()
    look(window, name, OPEN[name], ())


@pytest.mark.parametrize("name", INSIDE)
def test_a_page_inside(
    window: tuple[Page, Watch], scene: Scene, installation: Installation, name: str
) -> None:
    page, watch = window
    scene.owner.lend(page.context, installation.url)
    if name == "not-found":
        watch.forgive("404")
    look(window, name, Way("GET", INSIDE[name]).to(scene.ids), scene.secrets)


@pytest.mark.parametrize("name", EMPTY)
def test_a_page_with_nothing_to_show_yet(
    window: tuple[Page, Watch], scene: Scene, installation: Installation, name: str
) -> None:
    """It teaches the next step: there is a button or a link in it that leads on."""
    page, _ = window
    scene.newcomer.lend(page.context, installation.url)
    ids = {**scene.ids, "project": scene.newcomer.project}
    look(window, name, Way("GET", EMPTY[name]).to(ids), scene.secrets)
    assert page.get_by_role("main").get_by_role("link").count() > 0


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_one_page_that_shows_a_secret(
    window: tuple[Page, Watch],
    scene: Scene,
    installation: Installation,
    size: tuple[int, int],
) -> None:
    """It answers the form and nothing else: its address shows the form again."""
    page, _ = window
    scene.owner.lend(page.context, installation.url)
    at_size(page, size)
    page.goto(f"{scene.owner.root}/overview")
    secret = steps.create_key(page, f"Trip {size[0]}", "Maps")
    hold(window, "key-created" if size == DESK else "key-created-narrow")
    steps.copy_secret(page, secret)
    page.reload()
    assert secret not in page.content()


def test_the_palette(
    window: tuple[Page, Watch], scene: Scene, installation: Installation
) -> None:
    page, _ = window
    scene.owner.lend(page.context, installation.url)
    at_size(page, DESK)
    page.goto(f"{scene.owner.root}/overview")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a key or a page").fill("pro")
    expect(page.get_by_role("option", name="Production")).to_be_visible()
    hold(window, "palette")


def test_a_panel_that_was_linked_leaves_a_whole_page_behind(
    window: tuple[Page, Watch], scene: Scene, installation: Installation
) -> None:
    """With its chart, which a script draws."""
    page, _ = window
    scene.owner.lend(page.context, installation.url)
    at_size(page, DESK)
    page.goto(Way("GET", INSIDE["key-replace"]).to(scene.ids))
    steps.panel(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("canvas").first).to_be_visible()


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


PREPARED = {"key-new": filled_in}
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
    if folder and (scheme != "phone" or name in NARROW):
        page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
    return [f"{scheme}: {one}" for one in violations(page)]


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

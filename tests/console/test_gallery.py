"""Every page as people see it: for axe, by light and by dark, and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from keyhouse.doors.console.contents import PAGES
from tests.console import steps
from tests.console.addresses import EMPTY, INSIDE, NARROW, OPEN, PARTS
from tests.console.browser import DESK, PHONE, Watch, visiting
from tests.console.conftest import SignUp
from tests.console.gallery import Scene, furnish
from tests.console.installation import Installation
from tests.console.looking import at_size, hold, look
from tests.console.routes import Way, ways_of
from tests.repository.places import ROOT


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
    home = {"organization": scene.newcomer.organization}
    ids = {**scene.ids, **home, "project": scene.newcomer.project}
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


def test_each_page_is_pictured_by_light_and_by_dark() -> None:
    """`make pictures` takes them; one that is left over shows what is gone."""
    names = [*OPEN, *INSIDE, *EMPTY, "key-created", "palette"]
    wanted = {f"{name}-{scheme}" for name in names for scheme in ("light", "dark")}
    wanted |= {f"{name}-phone" for name in NARROW}
    there = (ROOT / "docs" / "pictures").glob("*.png")
    assert {path.stem for path in there} == wanted

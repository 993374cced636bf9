"""All of it by keyboard alone, and one can always see where one is."""

from playwright.sync_api import Browser, Page, expect

from tests.console import steps
from tests.console.browser import visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation
from tests.console.people import PASSWORD

STEPS_MAX = 60
_HERE = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const label = at.labels?.length ? at.labels[0].textContent : '';
  const name = at.getAttribute('aria-label') || label || at.textContent;
  const ring = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  const around = getComputedStyle(at.parentElement ?? at);
  const framed = around.outlineStyle !== 'none' || around.boxShadow !== 'none';
  return [name.trim().replace(/\\s+/g, ' '), ring || framed];
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has that name; it must be seen there."""
    passed = []
    for _ in range(STEPS_MAX):
        page.keyboard.press("Tab")
        told, is_seen = page.evaluate(_HERE)
        if told.startswith(name):
            assert is_seen, f"the focus on {name} cannot be seen"
            return
        passed.append(told)
    raise AssertionError(f"Tab does not lead to {name}, only to {passed}")


def test_a_key_is_made_by_keyboard_alone(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up()
    owner.api("typed", upstream, name="Typed")
    owner.api("untyped", upstream, name="Other")
    with visiting(browser, installation.url) as (page, _):
        page.goto("/login")
        expect(page.get_by_label("Email")).to_be_focused()
        page.keyboard.type(owner.email)
        tab_to(page, "Password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        tab_to(page, "Keys")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Keys", level=1)).to_be_visible()
        tab_to(page, "Create key")
        page.keyboard.press("Enter")
        secret = _fill_in(page)
        expect(page.get_by_role("button", name="Copy", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("() => navigator.clipboard.readText()") == secret
        tab_to(page, "Watch the key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Typed in", level=1)).to_be_visible()


def _fill_in(page: Page) -> str:
    """The form of a new key; the secret that it gives."""
    steps.panel(page)
    tab_to(page, "Name")
    page.keyboard.type("Typed in")
    tab_to(page, "Application")
    page.keyboard.type("A new")
    tab_to(page, "Call it")
    page.keyboard.type("Typist")
    tab_to(page, "Typed")
    page.keyboard.press("Space")
    tab_to(page, "Create key")
    page.keyboard.press("Enter")
    return steps.shown_secret(page)


def test_the_palette_finds_a_key_and_a_page(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up()
    key = owner.key("Needle", owner.api("haystack", upstream))
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        for wanted, heading in (
            ("need", "Needle"),
            (key["hint"][-4:], "Needle"),
            ("memb", "Members"),
        ):
            page.goto(f"{owner.root}/overview")
            page.keyboard.press("Control+k")
            box = page.get_by_role("combobox", name="Find a key or a page")
            expect(box).to_be_focused()
            page.keyboard.type(wanted)
            # At once, as one does who knows: the answer may be on its way still.
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def test_escape_closes_a_panel_and_back_opens_none(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """A panel has its own address: it can be linked, and closed with Back."""
    owner = sign_up()
    owner.api("panelled", upstream)
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys")
        opener = page.get_by_role("main").get_by_role("link", name="Create key").first
        opener.click()
        steps.panel(page)
        expect(page).to_have_url(f"{installation.url}{owner.root}/keys/new")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page).to_have_url(f"{installation.url}{owner.root}/keys")
        expect(opener).to_be_focused()
        opener.click()
        steps.panel(page)
        page.go_back()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.goto(f"{owner.root}/keys/new")
        expect(steps.panel(page).get_by_label("Name", exact=True)).to_be_visible()

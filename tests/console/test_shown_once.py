"""A webhook's secret and a calendar's address: shown once, and asked about if left."""

import pytest
from playwright.sync_api import Browser, expect

from tests.console import steps
from tests.console.browser import DESK, visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation
from tests.console.looking import at_size, hold


@pytest.mark.parametrize(
    ("room", "button", "typed", "label"),
    [
        (
            "webhooks",
            "Create webhook",
            {"Address": "https://hooks.northwind.invalid/in"},
            "Signing secret",
        ),
        ("calendars", "Create calendar", {"Name": "On-call"}, "Address"),
    ],
)
def test_leaving_it_uncopied_asks_once_and_a_reload_shows_it_no_more(
    browser: Browser,
    installation: Installation,
    sign_up: SignUp,
    room: str,
    button: str,
    typed: dict[str, str],
    label: str,
) -> None:
    owner = sign_up("Ada Byron")
    with visiting(browser, installation.url) as window:
        page, _ = window
        owner.lend(page.context, installation.url)
        at_size(page, DESK)
        page.goto(f"/{owner.organization}/settings/{room}")
        page.get_by_role("link", name=button).click()
        form = steps.panel(page)
        for field, text in typed.items():
            form.get_by_label(field, exact=True).fill(text)
        form.get_by_role("button", name=button).click()
        shown = page.get_by_label(label, exact=True)
        expect(shown).to_be_visible()
        secret = shown.inner_text()
        hold(window, f"{room}-shown-narrow")
        at_size(page, DESK)
        page.keyboard.press("Escape")
        question = page.locator("dialog.ask[open]").filter(has_text="was not copied")
        expect(question).to_be_visible()
        question.get_by_role("button", name="Stay and copy").click()
        page.get_by_role("button", name="Copy", exact=True).first.click()
        page.reload()
        assert secret not in page.content()

"""A secret is replaced while a program uses it, and nobody is refused."""

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.console import steps
from tests.console.browser import visiting
from tests.console.caller import calling
from tests.console.conftest import SignUp
from tests.console.installation import Installation
from tests.journeys.conftest import until


def test_a_secret_is_replaced_without_one_failed_call(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """With an overlap of an hour; the old one is then ended by hand, and refused."""
    owner = sign_up()
    key = owner.key("Worker", owner.api("steady", upstream))
    url = f"{installation.gateway_url}/steady/"
    with (
        calling(url, key["secret"]) as caller,
        visiting(browser, installation.url) as (page, _),
    ):
        owner.lend(page.context, installation.url)
        caller.goes_on()
        page.goto(f"{owner.root}/keys/{key['id']}")
        fresh = _replace(page, "An hour")
        caller.goes_on()
        caller.secret = fresh
        caller.goes_on()
        steps.copy_secret(page, fresh)
        page.get_by_role("link", name="Watch the key").click()
        secrets = page.get_by_role("region", name="Secrets")
        old = secrets.get_by_role("listitem").filter(has_text="End now")
        expect(old).to_contain_text("Still used")
        expect(secrets.get_by_role("listitem")).to_have_count(2)
        callers = page.get_by_role("region", name="Still calling with an old one")
        expect(callers).to_contain_text("127.0.0.1")
        expect(callers).to_contain_text("GET /")
        old.get_by_role("link", name="End now").click()
        steps.panel(page).get_by_role("button", name="End secret").click()
        expect(secrets.get_by_text("Ended")).to_be_visible()
        expect(callers).to_have_count(0)
        assert until(lambda: _status(url, key["secret"]) == 401)
        caller.goes_on()
        assert caller.failures == []


def test_a_leaked_secret_is_replaced_at_once(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """Without an overlap the old one is refused, and the key keeps its id."""
    owner = sign_up()
    key = owner.key("Leaked", owner.api("leaking", upstream))
    url = f"{installation.gateway_url}/leaking/"
    assert _status(url, key["secret"]) == 200
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}")
        fresh = _replace(page, "None")
        # Leaving without a copy is asked about, once.
        page.get_by_role("link", name="Watch the key").click()
        asked = page.get_by_role("dialog", name="The secret was not copied")
        asked.get_by_role("link", name="Leave without it").click()
        expect(page.get_by_role("heading", name="Leaked", level=1)).to_be_visible()
        assert fresh not in page.content()
    assert until(lambda: _status(url, key["secret"]) == 401)
    answer = httpx.get(url, headers={"X-API-Key": fresh})
    assert (answer.status_code, answer.json()["key"]) == (200, key["id"])


def test_a_replacement_that_waits_for_its_use_is_taken_back(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """The new secret never arrived: the old one goes on as if nothing had been."""
    owner = sign_up()
    key = owner.key("Waits", owner.api("waiting", upstream))
    url = f"{installation.gateway_url}/waiting/"
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}/replace")
        form = steps.panel(page)
        form.get_by_role("radio", name="An hour").check()
        form.get_by_role("checkbox", name="Begin when the new one is first used").check()
        form.get_by_role("button", name="Replace now").click()
        fresh = steps.shown_secret(page)
        steps.copy_secret(page, fresh)
        page.get_by_role("link", name="Watch the key").click()
        secrets = page.get_by_role("region", name="Secrets")
        expect(secrets.get_by_text("Goes on until 2 is used")).to_be_visible()
        page.get_by_role("link", name="Roll back").click()
        steps.panel(page).get_by_role("button", name="Roll back").click()
        expect(secrets.get_by_text("Ended")).to_be_visible()
        expect(page.get_by_role("link", name="Roll back")).to_have_count(0)
    assert until(lambda: _status(url, fresh) == 401)
    assert _status(url, key["secret"]) == 200


def _replace(page: Page, overlap: str) -> str:
    """The new secret, as the page shows it this one time."""
    page.get_by_role("link", name="Replace now").click()
    form = steps.panel(page)
    form.get_by_role("radio", name=overlap).check()
    form.get_by_role("button", name="Replace now").click()
    return steps.shown_secret(page)


def _status(url: str, secret: str) -> int:
    return httpx.get(url, headers={"X-API-Key": secret}).status_code

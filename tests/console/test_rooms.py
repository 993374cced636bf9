"""What else the console's rooms are for."""

import httpx
from playwright.sync_api import Browser, expect

from tests.console import steps
from tests.console.browser import visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation
from tests.journeys.conftest import until


def test_a_key_is_disabled_and_the_toast_takes_it_back(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """The gateway obeys both ways."""
    owner = sign_up()
    key = owner.key("Switched", owner.api("switched", upstream))
    header, url = {"X-API-Key": key["secret"]}, f"{installation.gateway_url}/switched/"

    def status() -> int:
        return httpx.get(url, headers=header).status_code

    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}")
        page.get_by_role("link", name="Disable").click()
        steps.panel(page).get_by_role("button", name="Disable").click()
        expect(page.get_by_role("main").get_by_text("Disabled")).to_be_visible()
        assert until(lambda: status() == 401)
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(page.get_by_role("main").get_by_text("Active")).to_be_visible()
        assert until(lambda: status() == 200)


def test_a_call_is_tried_with_a_key_that_is_kept_nowhere(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up()
    key = owner.key("Tried", owner.api("tried", upstream, name="Tried"))
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/apis")
        page.get_by_role("link", name="Tried", exact=True).click()
        form = page.get_by_role("region", name="Try a call")
        form.get_by_label("Path").fill("/forecast/oslo")
        form.get_by_role("button", name="Send").click()
        expect(form.get_by_role("status")).to_contain_text("401")
        form.get_by_label("Key").fill(key["secret"])
        form.get_by_role("button", name="Send").click()
        expect(form.get_by_role("status")).to_contain_text("200")
        expect(form.get_by_role("status")).to_contain_text("/forecast/oslo")
        page.reload()
        expect(form.get_by_label("Key")).to_have_value("")
        assert key["secret"] not in page.content()


def test_test_and_live_are_two_worlds(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """A test key is in no live list, and the switch keeps to the room one is in."""
    owner = sign_up()
    owner.key("Only a test", owner.api("worlds", upstream))
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys")
        expect(page.get_by_role("link", name="Only a test")).to_be_visible()
        switch = page.get_by_role("group", name="Environment")
        switch.get_by_role("link", name="Live").click()
        expect(page).to_have_url(f"{installation.url}/{owner.project}/live/keys")
        expect(page.get_by_role("main").get_by_role("link").first).to_be_visible()
        expect(page.get_by_role("link", name="Only a test")).to_have_count(0)


def test_one_person_works_in_two_organizations(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up("Hedy Lamarr")
    owner.api("first-house", upstream, name="First house's API")
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto("/organizations/new")
        page.get_by_label("Name").fill("Second house")
        page.get_by_role("button", name="Create organization").click()
        rail = page.get_by_role("navigation", name="Main")
        expect(rail).to_contain_text("Second house")
        steps.rail(page, "APIs")
        expect(page.get_by_text("First house's API")).to_have_count(0)
        rail.get_by_text("Second house").first.click()
        rail.get_by_role("link", name="Hedy Lamarr's organization").click()
        expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
        steps.rail(page, "APIs")
        expect(page.get_by_role("link", name="First house's API")).to_be_visible()


def test_the_choice_of_dark_stays(
    browser: Browser, installation: Installation, sign_up: SignUp
) -> None:
    """And the page comes dark from the server: nothing flashes."""
    owner = sign_up()
    with visiting(browser, installation.url, scheme="light") as (page, _):
        owner.lend(page.context, installation.url)
        page.goto("/account")
        paper = "() => getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(paper)
        page.get_by_role("button", name="Switch between light and dark").click()
        dark = page.evaluate(paper)
        assert dark != light
        page.reload()
        assert page.evaluate(paper) == dark
        page.goto("/login")
        assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"


def test_another_browser_is_logged_out_from_the_account(
    browser: Browser, installation: Installation, sign_up: SignUp
) -> None:
    owner = sign_up("Lise Meitner")
    with visiting(browser, installation.url) as (page, _):
        steps.log_in(page, owner.email)
        page.goto("/account")
        assert owner.client.get("/account").status_code == 200
        page.get_by_role("button", name="End all others").click()
        expect(page.get_by_role("status")).to_contain_text("ended")
        assert owner.client.get("/account").status_code == 303

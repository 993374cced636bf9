"""Small things that somebody would miss at once."""

import re

from playwright.sync_api import Browser, expect

from tests.console import steps
from tests.console.browser import visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation
from tests.console.people import PASSWORD


def test_a_refused_form_keeps_what_was_typed_and_says_what_to_mend(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    owner = sign_up()
    owner.api("strict", upstream, name="Strict")
    owner.api("lenient", upstream, name="Other")
    with visiting(browser, installation.url) as (page, watch):
        watch.forgive("422")
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/new")
        form = steps.panel(page)
        form.get_by_label("Name", exact=True).fill("Kept as typed")
        form.get_by_label("Call it").fill("Somebody's program")
        form.get_by_role("button", name="Create key").click()
        expect(form.get_by_role("alert")).to_contain_text("name at least one API")
        expect(form.get_by_label("Name", exact=True)).to_have_value("Kept as typed")
        form.get_by_label("Strict", exact=True).check()
        form.get_by_role("button", name="Create key").click()
        assert steps.shown_secret(page).startswith("kh_sk_test_")


def test_logging_out_ends_the_session_and_back_shows_nothing(
    browser: Browser, installation: Installation, sign_up: SignUp
) -> None:
    """Who sits down at the same machine next sees the log-in."""
    owner = sign_up("Mary Somerville")
    with visiting(browser, installation.url) as (page, _):
        steps.log_in(page, owner.email)
        steps.rail(page, "Members")
        expect(page.get_by_role("main")).to_contain_text(owner.email)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        assert owner.email not in page.content()


def test_a_forgotten_password_is_set_anew_and_every_session_ends(
    browser: Browser, installation: Installation, sign_up: SignUp
) -> None:
    owner = sign_up("Emmy Noether")
    with visiting(browser, installation.url) as (page, watch):
        page.goto("/forgot")
        page.get_by_label("Email").fill(owner.email)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        page.goto(installation.link(owner.email, "/reset"))
        page.get_by_label("New password").fill(f"{PASSWORD} and more")
        page.get_by_role("button", name="Set password").click()
        assert owner.client.get("/account").status_code == 303
        page.get_by_label("Email").fill(owner.email)
        page.get_by_label("Password").fill(PASSWORD)
        watch.forgive("422")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Password").fill(f"{PASSWORD} and more")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_somebody_invited_joins_with_the_role_they_were_offered(
    browser: Browser, installation: Installation, sign_up: SignUp
) -> None:
    """A viewer sees the organization and is offered nothing that would be refused."""
    owner = sign_up("Sofia Kovalevskaya")
    with (
        visiting(browser, installation.url) as (page, _),
        visiting(browser, installation.url) as (theirs, _),
    ):
        owner.lend(page.context, installation.url)
        page.goto(f"/{owner.organization}/members/invite")
        form = steps.panel(page)
        form.get_by_label("Email").fill("karl@example.com")
        form.get_by_role("radio", name="Viewer").check()
        form.get_by_role("button", name="Send invitation").click()
        expect(page.get_by_role("main")).to_contain_text("karl@example.com")
        theirs.goto(installation.link("karl@example.com", "/invitations"))
        theirs.get_by_role("link", name="Sign up").click()
        theirs.get_by_label("Name").fill("Karl Weierstrass")
        theirs.get_by_label("Password").fill(PASSWORD)
        theirs.get_by_role("button", name="Sign up").click()
        expect(theirs.get_by_role("heading", name="Look into your mail")).to_be_visible()
        theirs.goto(installation.link("karl@example.com", "/confirm"))
        theirs.get_by_label("Password").fill(PASSWORD)
        theirs.get_by_role("button", name="Confirm and log in").click()
        rail = theirs.get_by_role("navigation", name="Main")
        expect(rail).to_contain_text("Sofia Kovalevskaya's organization")
        steps.rail(theirs, "Keys")
        expect(theirs.get_by_role("link", name="Create key")).to_have_count(0)
        steps.rail(theirs, "Members")
        theirs.get_by_role("button", name="Leave").click()
        asked = theirs.get_by_role("dialog")
        expect(asked).to_contain_text("Keys that you made go on working")
        asked.get_by_role("button", name="Leave").click()
        expect(theirs).to_have_url(re.compile(r"/organizations/new$"))
        page.reload()
        expect(page.get_by_role("main")).not_to_contain_text("karl@example.com")


def test_a_panel_opened_by_its_address_leaves_a_whole_page_behind(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """Whoever follows a link to a panel and closes it is on a page that works."""
    owner = sign_up()
    key = owner.key("Charted", owner.api("charted", upstream))
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}/replace")
        steps.panel(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("heading", name="Charted", level=1)).to_be_visible()
        steps.paste(
            f"curl -H 'X-API-Key: {key['secret']}' {installation.gateway_url}/charted/"
        )
        log = page.get_by_role("region", name="Latest requests")
        expect(log.get_by_role("row").filter(has_text="200")).to_be_visible()

"""What happens to a key is seen on its page at once."""

import httpx
from playwright.sync_api import Browser, expect

from tests.console.browser import visiting
from tests.console.conftest import SignUp
from tests.console.installation import Installation

SEEN_MS_MAX = 2_000


def test_a_refusal_by_a_limit_is_seen_within_two_seconds(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """On a page that was open before, without a reload."""
    owner = sign_up()
    api = owner.api("limited", upstream)
    limit = {"name": "few", "rate": 3, "period_seconds": 3600}
    key = owner.key("Hasty", api, limits=[limit])
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}")
        log = page.get_by_role("region", name="Latest requests")
        expect(log.get_by_text("No call yet")).to_be_visible()
        header = {"X-API-Key": key["secret"]}
        url = f"{installation.gateway_url}/{api}/forecast"
        statuses = [httpx.get(url, headers=header).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = log.get_by_text("rate_limited")
        expect(refused).to_be_visible(timeout=SEEN_MS_MAX)
        refused.click()
        expect(log.get_by_text("The rate limit is reached")).to_be_visible()
        # The page goes on refreshing itself; what was opened stays open.
        with page.expect_response(lambda answer: "/living" in answer.url):
            pass
        expect(log.get_by_text("The rate limit is reached")).to_be_visible()


def test_a_key_that_is_revoked_is_refused_and_looks_it(
    browser: Browser, installation: Installation, upstream: str, sign_up: SignUp
) -> None:
    """And before it happens the page says how many calls will be missed."""
    owner = sign_up()
    api = owner.api("leaked", upstream)
    key = owner.key("Leaky", api)
    header = {"X-API-Key": key["secret"]}
    url = f"{installation.gateway_url}/{api}/"
    assert httpx.get(url, headers=header).status_code == 200
    with visiting(browser, installation.url) as (page, _):
        owner.lend(page.context, installation.url)
        page.goto(f"{owner.root}/keys/{key['id']}")
        log = page.get_by_role("region", name="Latest requests")
        expect(log.get_by_role("row").filter(has_text="200")).to_be_visible()
        page.get_by_role("link", name="Revoke").click()
        asked = page.get_by_role("dialog")
        expect(asked).to_contain_text("1 call")
        expect(asked).to_contain_text("last hour")
        asked.get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("main").get_by_text("Revoked")).to_be_visible()
        expect(page.get_by_role("link", name="Replace now")).to_have_count(0)
    answer = httpx.get(url, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "revoked")

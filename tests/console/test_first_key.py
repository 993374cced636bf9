"""Somebody who was never here gets a key and calls with it, alone."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.console import steps
from tests.console.browser import DESK, PHONE, visiting
from tests.console.installation import Installation


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_sign_up_to_the_first_call(
    browser: Browser, installation: Installation, upstream: str, size: tuple[int, int]
) -> None:
    """By nothing but the pages, and by running the very line that they offer."""
    with visiting(browser, installation.url, size=size) as (page, _):
        steps.sign_up(page, installation, "Grace Hopper", f"grace{size[0]}@example.com")
        steps.create_api(page, f"Weather {size[0]}", upstream)
        secret = steps.create_key(page, "Planner", f"Weather {size[0]}")
        line = steps.offered_line(page)
        assert secret in line
        status, body = steps.paste(line)
        assert status == 200
        key = json.loads(body)["key"]
        steps.copy_secret(page, secret)
        page.get_by_role("link", name="Watch the key").click()
        expect(page.get_by_role("heading", name="Planner", level=1)).to_be_visible()
        assert urlsplit(page.url).path.endswith(key)
        log = page.get_by_role("region", name="Latest requests")
        expect(log.get_by_role("row").filter(has_text="200")).to_be_visible()
        assert secret not in page.content()

"""What people do in the console, by the words that stand there."""

import re
import shlex
import subprocess

from playwright.sync_api import Locator, Page, expect

from tests.console.installation import Installation
from tests.console.people import PASSWORD


def sign_up(page: Page, installation: Installation, name: str, email: str) -> None:
    """From nothing to the first page behind the log-in."""
    page.goto("/signup")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(installation.link(email, "/confirm"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm and log in").click()
    expect(page).to_have_url(re.compile(r"/overview$"))


def log_in(page: Page, email: str) -> None:
    """With the password that everybody here has."""
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile(r"/overview$"))


def rail(page: Page, name: str) -> None:
    """Go where the rail leads; on a phone it is unfolded first."""
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def panel(page: Page) -> Locator:
    """The panel that slides over a list, once it is there."""
    found = page.get_by_role("dialog")
    expect(found).to_be_visible()
    return found


def create_api(page: Page, name: str, upstream: str) -> None:
    """The project's first API."""
    rail(page, "APIs")
    page.get_by_role("main").get_by_role("link", name="Create API").click()
    form = panel(page)
    form.get_by_label("Name").fill(name)
    form.get_by_label("Upstream").fill(upstream)
    form.get_by_role("button", name="Create API").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def create_key(page: Page, name: str, api: str, per_minute: int | None = None) -> str:
    """A key with an application of its own; its secret, as the page shows it."""
    rail(page, "Keys")
    page.get_by_role("main").get_by_role("link", name="Create key").first.click()
    form = panel(page)
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("Application").select_option(label="A new application …")
    form.get_by_label("Call it").fill(f"{name} program")
    form.get_by_label(api, exact=True).check()
    if per_minute is not None:
        form.get_by_label("Limit 1: calls").fill(str(per_minute))
    form.get_by_role("button", name="Create key").click()
    return shown_secret(page)


def shown_secret(page: Page) -> str:
    """The secret on the one page that shows it."""
    told = page.get_by_role("status", name="Secret")
    expect(told).to_be_visible()
    return told.inner_text()


def copy_secret(page: Page, secret: str) -> None:
    """One press, and it is on the clipboard."""
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == secret


def offered_line(page: Page) -> str:
    """The line of curl that the page offers for pasting."""
    return page.get_by_role("tabpanel").get_by_role("code").first.inner_text()


def paste(line: str) -> tuple[int, str]:
    """Status and body of what comes back when that line is run by a shell."""
    told = shlex.join(["-s", "-w", "\n%{http_code}"])
    command = line.replace("curl", f"curl {told}", 1)
    ran = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True
    )
    body, _, status = ran.stdout.rpartition("\n")
    return int(status), body

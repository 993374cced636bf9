"""docs/how-to/first-key-in-the-browser.md, as somebody follows it."""

import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.console.people import PASSWORD, submit
from tests.repository.places import ROOT

from .conftest import Machine

PAGE = (ROOT / "docs" / "how-to" / "first-key-in-the-browser.md").read_text("utf-8")


@pytest.fixture
def client(machine: Machine) -> Iterator[httpx.Client]:
    """A browser without a window."""
    with httpx.Client(base_url=f"http://{machine.management}", timeout=30) as found:
        yield found


def _commands() -> list[list[str]]:
    """The lines that the page has one type, without `keyhouse` itself."""
    (told, *_) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line) for line in told.splitlines()]
    assert {line[0] for line in lines} == {"keyhouse"}
    return [line[1:] for line in lines]


def test_its_steps_lead_to_a_key(machine: Machine, client: httpx.Client) -> None:
    """With its very commands and its very upstream, as private as that is."""
    begin, serve = _commands()
    (upstream,) = set(re.findall(r"as upstream, `(\S+)`", PAGE))
    ran = machine.run(*begin)
    assert ran.returncode == 0, ran.stderr
    (link,) = re.findall(r"^password_link\s+(\S+) *$", ran.stdout, re.MULTILINE)
    assert serve == ["serve"]
    machine.serve()

    at = urlsplit(link)
    kept = submit(client, f"{at.path}?{at.query}", password=PASSWORD)
    assert kept.headers["Location"] == "/login"
    opened = submit(client, "/login", email=begin[-1], password=PASSWORD)
    assert opened.headers["Location"] == "/"
    root = client.get("/").headers["Location"].removesuffix("/overview")

    made = submit(client, f"{root}/apis/new", name="Mine", upstream=upstream)
    assert made.status_code == 303, made.text
    offered = client.get(f"{root}/keys/new").text
    (api,) = set(re.findall(r'name="api" value="([^"]+)"', offered))
    wish = {"name": "First", "application": "", "api": api}
    shown = submit(client, f"{root}/keys/new", **wish)
    assert shown.status_code == 200, shown.text
    assert re.search(r"kh_sk_test_[0-9A-Za-z]{36}", shown.text)

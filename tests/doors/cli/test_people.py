"""Who can log in, managed on the machine itself."""

import json
import re
from pathlib import Path

import pytest

from keyhouse.doors.cli.entries import KeptMail, Sources

from .conftest import Entries, Installation, Run

LINK = re.compile(r"http://127\.0\.0\.1:\d+/reset\?ticket=[\w-]{43}")
EMAIL = "ada@example.com"


@pytest.fixture(autouse=True)
def _folder(here: Installation) -> None:
    here.prepare()


def test_somebody_is_added_and_listed_and_the_link_stands_alone_on_stdout(
    run: Run,
) -> None:
    added = run("people", "add", EMAIL, "--name", "Ada")
    assert added.exit_code == 0, added.output
    assert LINK.fullmatch(added.stdout.strip())
    (ada,) = json.loads(run("people", "list", "--json").stdout)
    assert (ada["email"], ada["name"], ada["password"]) == (EMAIL, "Ada", False)


@pytest.mark.parametrize(
    "line",
    ["list", *(f"{act} {EMAIL}" for act in ("add", "reset", "disable", "enable"))],
)
def test_settings_are_named_behind_the_command(
    run: Run, entries: Entries, line: str
) -> None:
    if not line.startswith("add"):
        run("people", "add", EMAIL)
    named = ("--data-dir", "a", "--config", "b.toml", "--set", "log.level=debug")
    result = run("people", *line.split(), *named)
    assert result.exit_code == 0, result.output
    flags = {"data.dir": "a", "log.level": "debug"}
    assert entries.sources == Sources(Path("b.toml"), flags)


def test_a_reset_link_leads_in_whoever_lost_the_password(run: Run) -> None:
    run("people", "add", EMAIL)
    told = json.loads(run("people", "reset", EMAIL.upper(), "--json").stdout)
    assert LINK.fullmatch(told["link"])


def test_somebody_is_switched_off_and_on(run: Run) -> None:
    run("people", "add", EMAIL)
    off = json.loads(run("people", "disable", EMAIL, "--json").stdout)
    refused = run("people", "reset", EMAIL)
    on = json.loads(run("people", "enable", EMAIL, "--json").stdout)
    assert (off["disabled"], on["disabled"]) == (True, False)
    assert refused.exit_code == 2
    assert "enable the person first" in refused.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("people", "add", "nobody"), "email: is no mail address"),
        (("people", "reset", "who@example.com"), "no such person"),
        (("people", "disable", "who@example.com"), "no such person"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    run: Run, line: tuple[str, ...], told: str
) -> None:
    result = run(*line)
    assert result.exit_code == 2
    assert told in result.stderr


def test_kept_mails_are_shown_the_newest_last(run: Run, here: Installation) -> None:
    here.kept = [
        KeptMail("Mon", f"{name}@example.com", f"Hello {name}", f"link {name}")
        for name in ("a", "b", "c")
    ]
    shown = run("mail", "--limit", "2").stdout
    assert "link a" not in shown
    assert shown.index("link b") < shown.index("link c")
    only = json.loads(run("mail", "--to", "B@example.com", "--json").stdout)
    assert [mail["text"] for mail in only] == ["link b"]
    assert run("mail", "--to", "nobody").stdout.strip() == "(none)"


def test_bootstrap_tells_how_its_owner_gets_in(run: Run) -> None:
    told = json.loads(run("bootstrap", "--email", EMAIL, "--json").stdout)
    assert LINK.fullmatch(told["password_link"])

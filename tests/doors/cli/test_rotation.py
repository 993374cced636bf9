"""A new secret by the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import KEY_SECRET, Run, Server

_KEY: dict[str, Any] = {"id": "key_1", "name": "planner", "state": "active"}
_SECRET: dict[str, Any] = {
    "id": "sec_1",
    "version": 1,
    "hint": "kh_sk_test_…k9Qa",
    "state": "ending",
    "last_used_at": "2030-01-01T00:00:00Z",
}
_QUOTA = {"name": "daily", "quota": 1000, "window": "day", "zone": "UTC"}
_RATE = {"name": "steady", "rate": 60, "period_seconds": 60, "burst": None}
_LIMITS = [
    {"api": None, "limit": _QUOTA, "used": 120, "left": 880, "resets_at": "2030"},
    {"api": "maps", "limit": _RATE, "used": None, "left": None, "resets_at": None},
]


@pytest.mark.parametrize(
    ("given", "seconds"), [("1d", 86_400), ("12h", 43_200), ("30m", 1800), ("0", 0)]
)
def test_the_overlap_is_written_as_people_say_it(
    run: Run, server: Server, given: str, seconds: int
) -> None:
    server.answer("POST", "/v1/keys/key_1/rotate", 201, {**_KEY, "secret": KEY_SECRET})
    result = run("keys", "rotate", "key_1", "--overlap", given, "--show-secret")
    assert result.stdout == KEY_SECRET + "\n"
    assert server.asked[0].body == {"overlap_seconds": seconds}


def test_an_overlap_that_is_none_is_told_before_anything_is_done(
    run: Run, server: Server
) -> None:
    result = run("keys", "rotate", "key_1", "--overlap", "soon")
    assert result.exit_code == 2
    assert "as 1d" in result.stderr
    assert not server.asked


def test_secrets_are_listed_and_one_is_ended(run: Run, server: Server) -> None:
    at = "/v1/keys/key_1/secrets"
    server.answer("GET", at, 200, {"data": [_SECRET], "next_cursor": None})
    server.answer("DELETE", f"{at}/sec_1", 204, None)
    table = run("keys", "secrets", "key_1").stdout
    assert "ending" in table
    assert "sec_1" in table
    assert run("keys", "end-secret", "key_1", "sec_1").stdout == "sec_1 is refused\n"


def test_limits_are_a_table_or_json(run: Run, server: Server) -> None:
    answer = {"data": _LIMITS, "next_cursor": None}
    server.answer("GET", "/v1/keys/key_1/limits", 200, answer)
    table = run("keys", "limits", "key_1").stdout
    assert "880" in table
    assert "steady" in table
    assert json.loads(run("keys", "limits", "key_1", "--json").stdout) == _LIMITS


def test_a_secret_is_found_from_stdin_or_a_file(
    run: Run, server: Server, tmp_path: Path
) -> None:
    """As an argument all users of the machine would see it."""
    server.answer("POST", "/v1/keys/find", 200, _KEY)
    file = tmp_path / "leaked.txt"
    file.write_text(KEY_SECRET + "\n")
    assert "planner" in run("keys", "find", stdin=KEY_SECRET + "\n").stdout
    assert "planner" in run("keys", "find", "--secret-file", str(file)).stdout
    assert [asked.body for asked in server.asked] == [{"secret": KEY_SECRET}] * 2


def test_a_secret_is_not_sought_in_an_address(run: Run, server: Server) -> None:
    result = run("keys", "list", "--search", f"x {KEY_SECRET}")
    assert result.exit_code == 2
    assert "keys find" in result.stderr
    assert not server.asked


_ROTATION: dict[str, Any] = {
    "key": "key_1",
    "state": "rotation_due",
    "due_at": "2030-01-01T00:00:00Z",
    "secrets": [
        {
            **_SECRET,
            "addresses": [{"what": f"203.0.113.{n}", "requests": 9 - n} for n in range(5)],
            "calls": None,
        }
    ],
}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (["--overlap", "7d", "--on-first-use"], {"overlap_seconds": 604_800}),
        (["--overlap", "open"], {"overlap_seconds": None}),
        (["--overlap", "usual"], {}),
    ],
)
def test_overlaps_begin_late_or_have_no_end(
    run: Run, server: Server, options: list[str], body: dict[str, Any]
) -> None:
    server.answer("POST", "/v1/keys/key_1/rotate", 201, {**_KEY, "secret": KEY_SECRET})
    run("keys", "rotate", "key_1", *options, "--json")
    late = {"on_first_use": True} if "--on-first-use" in options else {}
    assert server.asked[0].body == {**body, **late}


def test_how_a_rotation_stands_and_back(run: Run, server: Server) -> None:
    server.answer("GET", "/v1/keys/key_1/rotation", 200, _ROTATION)
    server.answer("POST", "/v1/keys/key_1/rotation/roll-back", 200, {**_KEY, "hint": "h"})
    result = run("keys", "rotation", "key_1")
    assert "203.0.113.0 (9)" in result.stdout
    assert "and 2 more" in result.stdout
    assert "rotation_due" in result.stderr
    assert json.loads(run("keys", "rotation", "key_1", "--json").stdout) == _ROTATION
    assert "older secret" in run("keys", "roll-back", "key_1").stdout


def test_what_is_due_comes_in_the_order_of_its_dates(run: Run, server: Server) -> None:
    rows = [
        {"key": f"key_{n}", "due_at": f"2030-01-0{n}T00:00:00Z", "name": "a"}
        for n in (3, 1, 2)
    ]
    server.answer("GET", "/v1/keys/due", 200, {"data": rows, "next_cursor": None})
    told = json.loads(run("keys", "due", "--within", "14", "--json").stdout)
    assert [one["key"] for one in told] == ["key_1", "key_2", "key_3"]


def test_a_schedule_is_written_as_days_and_an_overlap(run: Run, server: Server) -> None:
    server.answer("PATCH", "/v1/keys/key_1", 200, _KEY)
    server.answer("PATCH", "/v1/applications/app_1", 200, {"id": "app_1"})
    run("keys", "update", "key_1", "--rotate-every", "90d/7d")
    run("keys", "update", "key_1", "--no-rotation")
    run("apps", "update", "app_1", "--rotate-every", "180d")
    run("apps", "update", "app_1", "--no-rotation")
    server.answer("PATCH", "/v1/plans/pln_1", 200, {"id": "pln_1"})
    run("plans", "update", "pln_1", "--rotate-every", "365d/30d")
    run("plans", "update", "pln_1", "--no-rotation")
    ninety = {"every_days": 90, "overlap_seconds": 604_800}
    assert [asked.body for asked in server.asked] == [
        {"rotation": ninety},
        {"rotation": None},
        {"rotation": {"every_days": 180}},
        {"rotation": None},
        {"rotation": {"every_days": 365, "overlap_seconds": 2_592_000}},
        {"rotation": None},
    ]
    wrong = run("keys", "update", "key_1", "--rotate-every", "12h")
    assert wrong.exit_code == 2
    assert "whole days" in wrong.stderr


def test_a_calendar_s_address_is_shown_once(
    run: Run, server: Server, tmp_path: Path
) -> None:
    address = "https://keys.example/calendar/x.ics"
    made = {"id": "cal_1", "name": "on call", "secret": address}
    server.answer("POST", "/v1/calendars", 201, made)
    shown = run("calendars", "create", "on call", "--show-secret")
    assert shown.stdout == address + "\n"
    file = tmp_path / "address"
    assert address not in run("calendars", "create", "a", "--out", str(file)).stdout
    assert file.read_text() == address + "\n"

"""Reads the vectors: cases with all that their group has in common filled in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SCHEMA = FOLDER / "schema.json"
OUTCOMES = FOLDER / "outcomes.json"
DOORS = ("core", "verify", "gateway", "authorize", "guard")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = {"credentials", "left", "doors", "amounts"}
"""Members that replace what the group says, and are not merged with it."""
_DEFAULTS: dict[str, Any] = {
    "at": "2026-01-14T12:00:00Z",
    "require_tls": False,
    "doors": DOORS,
    "keys": {"key": {}},
    "apis": {"api": {}},
    "request": {
        "api": "api",
        "credentials": {"header": "{key}"},
        "address": "203.0.113.7",
        "method": "GET",
        "path": "/",
    },
}


@dataclass(frozen=True)
class Step:
    """One request at one moment, and what it must come to."""

    at_us: int
    request: dict[str, Any]
    expect: dict[str, Any]

    def expected(self, door: str) -> dict[str, Any]:
        """What one door must answer; a few are asked for something of their own."""
        own: dict[str, Any] = self.expect.get("at", {}).get(door, self.expect)
        return own


@dataclass(frozen=True)
class Case:
    """Rows of its own, and requests that are made one after the other."""

    number: int
    name: str
    doors: frozenset[str]
    world: dict[str, Any]
    steps: tuple[Step, ...]


def files() -> list[Path]:
    """The files that hold cases."""
    return [one for one in sorted(FOLDER.glob("*.json")) if one not in (SCHEMA, OUTCOMES)]


def outcomes() -> dict[str, dict[str, Any]]:
    """How each code is told: status, the code shown, the challenge."""
    found: dict[str, dict[str, Any]] = json.loads(OUTCOMES.read_text("utf-8"))
    return found


def cases(door: str) -> dict[str, Case]:
    """The cases that a door can be asked, by name."""
    return {one.name: one for one in all_cases() if door in one.doors}


def all_cases() -> Iterator[Case]:
    """Every case, in the order of files and lines."""
    for number, (name, given) in enumerate(_given()):
        steps = given.pop("steps", [{}])
        request, expect, at = (given.pop(one, {}) for one in ("request", "expect", "at"))
        yield Case(
            number,
            name,
            frozenset(given.pop("doors")),
            given,
            tuple(_step(one, request, expect, at) for one in steps),
        )


def microseconds(time: str) -> int:
    """A time of the vectors as the rows have it."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(microseconds=1)


def _given() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in files():
        for group in json.loads(path.read_text("utf-8"))["groups"]:
            shared = merged(_DEFAULTS, _spelled_out(group.get("given", {})))
            columns = group.get("columns", [])
            rows = [_row(columns, row) for row in group.get("rows", [])]
            for case in rows + group.get("cases", []):
                name = f"{path.stem}: {group['name']}: {case['name']}"
                yield name, merged(shared, _spelled_out(case))


def _row(columns: list[str], row: list[Any]) -> dict[str, Any]:
    """A line of a table as a case; `a.b` is the member b of a."""
    case: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        place = case
        *path, last = column.split(".")
        for name in path:
            place = place.setdefault(name, {})
        place[last] = value
    return case


def _spelled_out(given: dict[str, Any]) -> dict[str, Any]:
    """`key` is the key of that name and `api` the API; a bare code is an outcome."""
    full = {name: value for name, value in given.items() if name not in ("key", "api")}
    for one in ("key", "api"):
        if one in given:
            full[f"{one}s"] = merged({one: given[one]}, given.get(f"{one}s", {}))
    if isinstance(full.get("expect"), str):
        full["expect"] = {"code": full["expect"]}
    return full


def _step(given: dict[str, Any], request: Any, expect: Any, at: str) -> Step:
    given = _spelled_out(given)
    return Step(
        microseconds(given.get("at", at)),
        merged(request, given.get("request", {})),
        merged(expect, given.get("expect", {})),
    )


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, member by member."""
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if name not in _WHOLE and isinstance(value, dict) and isinstance(under, dict):
            result[name] = merged(under, value)
        else:
            result[name] = value
    return result

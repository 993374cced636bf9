"""`keyhouse keys rotate`, `rotation`, `roll-back`, `due`, `secrets`, `end-secret` …"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.durations import seconds
from keyhouse.doors.cli.nouns import Id, done
from keyhouse.doors.cli.once import OF_KEY, Force, Out, Shown, told_once
from keyhouse.doors.cli.verify import given_secret

_SECRETS = ("id", "version", "hint", "state", "last_used_at", "ends_at", "created_at")
_ROTATION = (
    "version",
    "hint",
    "state",
    "ends_at",
    "waits_for",
    "last_used_at",
    "requests_last_hour",
    "requests_last_day",
    "addresses",
    "calls",
)
_CALLERS_SHOWN = 3
_DUE = ("due_at", "kind", "key", "name", "hint", "overdue")
_NETWORKS = ("network", "first_at", "last_at")
_LIMITS = ("subject", "api", "route", "name", "amount", "used", "left", "resets_at")
_AMOUNTS = ("quota", "rate", "credits")


def add_rotation(keys: typer.Typer) -> None:
    """Add the commands about a key's secrets, and what is left of its limits."""
    for name, command, example in (
        ("rotate", rotate, "rotate ID --overlap 7d --on-first-use --out planner.key"),
        ("rotation", rotation, "rotation ID"),
        ("roll-back", roll_back, "roll-back ID"),
        ("due", due, "due --within 14"),
        ("secrets", secrets, "secrets ID"),
        ("end-secret", end_secret, "end-secret ID SECRET_ID"),
        ("limits", limits, "limits ID"),
        ("networks", networks, "networks ID"),
        ("find", find, "find < leaked.txt"),
    ):
        keys.command(name, epilog=f"Example: keyhouse keys {example}")(command)


def rotate(
    context: typer.Context,
    id: Id,
    *,
    overlap: Annotated[
        str,
        typer.Option(
            help="How long the old secrets go on: 1d, 12h, 30m, 0; open: until they are "
            "ended; usual: as the key's rotation says."
        ),
    ] = "1d",
    on_first_use: Annotated[
        bool,
        typer.Option("--on-first-use", help="It begins when the new one is first used."),
    ] = False,
    out: Out = None,
    force: Force = False,
    shown: Shown = False,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret, shown this one time. Its id, limits, counts stay."""
    length = _overlap(overlap)
    with (
        told_once(out, force=force, shown=shown, json=as_json, mend=OF_KEY) as tell,
        desk(context).client() as client,
    ):
        tell(client.keys.rotate(id, length, on_first_use=on_first_use))


def _overlap(text: str) -> int | Literal["usual"] | None:
    if text.strip() == "usual":
        return "usual"
    return None if text.strip() == "open" else seconds("--overlap", text)


def rotation(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """Which secrets of a key work, who still calls with each, and when one is due."""
    with desk(context).client() as client:
        found = client.keys.rotation(id)
    if as_json:
        show.item(found, json=True)
        return
    show.say(f"{id}: {found['state']}, due {found['due_at'] or 'never'}", err=True)
    rows = [
        {**one, **{name: _callers(one[name]) for name in ("addresses", "calls")}}
        for one in found["secrets"]
    ]
    show.rows(rows, _ROTATION, json=False)


def _callers(found: Sequence[Mapping[str, Any]] | None) -> str:
    """The first few, with how often each was seen."""
    told = [f"{one['what']} ({one['requests']})" for one in found or ()]
    more = len(told) - _CALLERS_SHOWN
    return ", ".join(told[:_CALLERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def roll_back(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """Take the last rotation back, while what it replaced still works."""
    with desk(context).client() as client:
        found = client.keys.roll_back(id)
    done(found, f"{id} has its older secret again: {found['hint']}", json=as_json)


def due(
    context: typer.Context,
    *,
    within: Annotated[int, typer.Option(min=0, max=366, help="Days from now.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Keys that need a new secret soon, or end; the soonest first."""
    with desk(context).client() as client:
        found = sorted(client.keys.due(within_days=within), key=lambda one: one["due_at"])
    show.rows(found, _DUE, json=as_json)


def secrets(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """A key's secrets, the newest first: which work, and which are used."""
    with desk(context).client() as client:
        show.rows(client.keys.secrets(id).data, _SECRETS, json=as_json)


def end_secret(
    context: typer.Context,
    id: Id,
    secret: Annotated[str, typer.Argument(help="The secret's id, as `secrets` tells.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Refuse one secret of a key from now on."""
    with desk(context).client() as client:
        client.keys.end_secret(id, secret)
    done({"id": secret, "ended": True}, f"{secret} is refused", json=as_json)


def limits(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """The limits that a key meets, its customer's credits too, and what is left of them."""
    with desk(context).client() as client:
        found = client.keys.limits(id).data
    if as_json:
        show.rows(found, _LIMITS, json=True)
        return
    rows: list[dict[str, Any]] = [{**row, **row["limit"]} for row in found]
    for row in rows:
        row["amount"] = next((row[name] for name in _AMOUNTS if name in row), None)
    show.rows(rows, _LIMITS, json=False)


def networks(context: typer.Context, id: Id, *, as_json: AsJson = False) -> None:
    """The networks that a key's calls were let through from, the last seen first."""
    with desk(context).client() as client:
        show.rows(client.keys.networks(id).data, _NETWORKS, json=as_json)


def find(
    context: typer.Context,
    *,
    secret_file: Annotated[
        Path | None, typer.Option(help="Where the secret is; else stdin is asked for it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The key that a secret belongs to; an old secret's too."""
    with desk(context).client() as client:
        show.item(client.keys.find(given_secret(secret_file)), json=as_json)

"""`keyhouse keys rotate`, `secrets`, `end-secret`, `limits`, `find`."""

from pathlib import Path
from typing import Annotated

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.desk import AsJson, desk
from keyhouse.doors.cli.durations import seconds
from keyhouse.doors.cli.nouns import Id, done
from keyhouse.doors.cli.verify import given_secret

_SECRETS = ("id", "version", "hint", "state", "last_used_at", "ends_at", "created_at")
_LIMITS = ("api", "name", "amount", "used", "left", "resets_at")


def add_rotation(keys: typer.Typer) -> None:
    """Add the commands about a key's secrets, and what is left of its limits."""
    for name, command, example in (
        ("rotate", rotate, "rotate ID --overlap 1d --out planner.key"),
        ("secrets", secrets, "secrets ID"),
        ("end-secret", end_secret, "end-secret ID SECRET_ID"),
        ("limits", limits, "limits ID"),
        ("find", find, "find < leaked.txt"),
    ):
        keys.command(name, epilog=f"Example: keyhouse keys {example}")(command)


def rotate(
    context: typer.Context,
    id: Id,
    *,
    overlap: Annotated[
        str, typer.Option(help="How long the old secrets go on: 1d, 12h, 30m, or 0.")
    ] = "1d",
    out: Annotated[
        Path | None, typer.Option(help="Write the secret into this file (0600).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret, shown this one time. Its id, limits, counts stay."""
    length = seconds("--overlap", overlap)
    with desk(context).client() as client:
        made = client.keys.rotate(id, length)
    show.secret(made, out, json=as_json)


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
    """The limits that count for a key, and what is left of its quotas."""
    with desk(context).client() as client:
        found = client.keys.limits(id).data
    if as_json:
        show.rows(found, _LIMITS, json=True)
        return
    rows = [{**row, **row["limit"]} for row in found]
    told = [{**row, "amount": row.get("quota", row.get("rate"))} for row in rows]
    show.rows(told, _LIMITS, json=False)


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

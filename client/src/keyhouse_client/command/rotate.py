"""`kh rotate`: a key gets a new secret, which goes where the old one was kept."""

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from keyhouse_client.command.handing_over import (
    add_places,
    taker,
    told_if_interrupted,
)
from keyhouse_client.command.shown import with_client
from keyhouse_client.command.streams import say
from keyhouse_client.errors import KeyhouseError, ProblemError
from keyhouse_client.keeping.names import demand_name
from keyhouse_client.keeping.refusals import Taken
from keyhouse_client.keeping.store import Store

if TYPE_CHECKING:
    from keyhouse_client.client import Client

_GONE = ("ended", "revoked")
_HIDDEN = "…"
"""What stands in a hint for all that it does not tell."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add `kh rotate`."""
    rotate = commands.add_parser("rotate", help="give a key a new secret")
    rotate.add_argument("id", metavar="KEY_ID")
    rotate.add_argument(
        "--overlap",
        type=_seconds,
        metavar="SECONDS",
        help="how long older secrets go on; else as the key's schedule says",
    )
    add_places(rotate)
    with_client(rotate, _rotate)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("a whole number of seconds")
    return int(text)


def _rotate(client: "Client", options: argparse.Namespace) -> None:
    mend = f"Rotate it again: kh rotate {options.id} --overlap SECONDS."
    overlap: int | Literal["usual"] = "usual"
    if options.overlap is not None:
        overlap = options.overlap
    unsure = f"{options.id} may have a new secret that nobody has. {mend}"
    _demand_its_own(client, options)
    with told_if_interrupted(unsure):
        with taker(options, replace=True) as to:
            answer = client.keys.rotate(options.id, overlap)
            key = to.take(answer, mend)
        if not options.json:
            to.tell(key, mend, options)
    older = _older(client, options.id)
    if options.json:
        return to.tell({**key, "older_secrets": older}, mend, options)
    for line in _told(older, options.id):
        say(line)
    return None


def _demand_its_own(client: "Client", options: argparse.Namespace) -> None:
    """Raises Taken where `--store` would replace what is no secret of this key.

    Hints are compared here: what is stored may be another provider's, and is sent
    nowhere.
    """
    if options.store is None or options.force:
        return
    stored = Store.of_user().find(demand_name(options.store))
    if stored is None:
        return
    if not any(_is_hint_of(hint, stored) for hint in _hints(client, options.id)):
        raise Taken(
            f"{options.store} is stored, and not known as a secret of {options.id}: take "
            "another name, or --force"
        )


def _hints(client: "Client", id: str) -> list[str]:
    """Those of all its secrets; none where the management key may not see them."""
    try:
        return [row["hint"] for row in client.keys.secrets(id).data]
    except ProblemError as error:
        if error.code == "scope_missing":
            return []
        raise


def _is_hint_of(hint: str, secret: str) -> bool:
    head, _, tail = hint.partition(_HIDDEN)
    fits = secret.startswith(head) and secret.endswith(tail)
    return fits and bool(tail) and len(secret) > len(head + tail)


def _older(client: "Client", id: str) -> list[dict[str, Any]] | None:
    """The secrets before the new one; None where they can't be had.

    The new one is kept or still to be shown: what fails here makes no failure of all,
    and who does not wait for it breaks off nothing else.
    """
    names = ("version", "hint", "state", "ends_at")
    try:
        rows = client.keys.secrets(id).data
    except (KeyhouseError, KeyboardInterrupt):
        return None
    newest = max((row["version"] for row in rows), default=0)
    older = (row for row in rows if row["version"] != newest)
    return [{name: row.get(name) for name in names} for row in older]


def _told(older: list[dict[str, Any]] | None, id: str) -> Iterator[str]:
    if older is None:
        yield f"when the old secret ends: keyhouse keys secrets {id}"
        return
    working = [row for row in older if row["state"] not in _GONE]
    if older and not working:
        yield "no older secret works any more"
    for row in working:
        yield f"{row['hint']} works {_until(row, id)}"


def _until(row: Mapping[str, Any], id: str) -> str:
    if row["ends_at"] is not None:
        return f"until {row['ends_at']}"
    return f"on until somebody ends it: keyhouse keys end-secret {id}"

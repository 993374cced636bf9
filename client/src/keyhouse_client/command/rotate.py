"""`kh rotate`: a key gets a new secret, which goes where the old one was kept."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from keyhouse_client.command.handing_over import add_places, taker
from keyhouse_client.command.shown import with_client
from keyhouse_client.errors import KeyhouseError

if TYPE_CHECKING:
    from keyhouse_client.client import Client

_GONE = ("ended", "revoked")


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
    with taker(options, replace=True) as to:
        answer = client.keys.rotate(options.id, overlap)
        key = to.take(answer, mend)
    older = _older(client, options.id)
    key["older_secrets"] = older
    to.tell(key, options)
    if not options.json:
        for line in _told(older, options.id):
            print(line, file=sys.stderr)


def _older(client: "Client", id: str) -> list[dict[str, Any]] | None:
    """The secrets before the new one; None where they can't be had.

    The new one is kept by now: what fails here makes no failure of all.
    """
    names = ("version", "hint", "state", "ends_at")
    try:
        rows = client.keys.secrets(id).data
    except KeyhouseError:
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

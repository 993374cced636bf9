"""Waiting until a change is in force everywhere, and how long that took."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from keyhouse.doors.cli import show
from keyhouse.doors.cli.failures import REFUSED
from keyhouse.doors.cli.nouns import done

if TYPE_CHECKING:
    from keyhouse_client import Client
    from keyhouse_client.answers import Json

WAIT_SECONDS_MAX: Final = 60
_AT_ONCE_SECONDS: Final = 10
"""How long one question waits: less than the client's patience."""
_PAUSE_SECONDS: Final = 0.5

Wait = Annotated[
    bool,
    typer.Option(
        "--wait", help="Until no gateway lets it through any more; exit 1 after a minute."
    ),
]


class Watch:
    """Makes a change and knows its number and when it was sent."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._began = 0.0
        self._seq: int | None = None

    def post(self, *path: str, **body: Any) -> "Json":  # noqa: ANN401 - JSON
        """Make a change: POST to `/v1/…`."""
        from keyhouse_client.calls import Call, below

        where = below("/v1", *path)
        self._began = time.monotonic()
        answer = self._client.send(Call("POST", where, body=body or None))
        self._seq = answer.change_seq
        return answer.body

    def tell(self, found: Mapping[str, Any], words: str, *, wait: bool, json: bool) -> None:
        """Tell what was done, and with `wait` how soon it was in force everywhere.

        Exits with 1 where it is not so yet.
        """
        if not wait:
            done(found, words, json=json)
            return
        if self._seq is None:
            # Nothing was changed, so there is nothing to hear of.
            told = {**found, "change": None, "in_force_ms": None}
            done(told, f"{words}; nothing changed", json=json)
            return
        change = self._wait(self._seq)
        took_ms = round((time.monotonic() - self._began) * 1000)
        in_force = bool(change["in_force"])
        told = {**found, "change": change, "in_force_ms": took_ms if in_force else None}
        if in_force:
            done(told, f"{words}, in force everywhere after {took_ms} ms", json=json)
            return
        done(told, words, json=json)
        show.say(_waited_for(change), err=True)
        raise typer.Exit(REFUSED)

    def _wait(self, seq: int) -> Mapping[str, Any]:
        until = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            left = max(until - time.monotonic(), 0.0)
            seconds = min(left, _AT_ONCE_SECONDS)
            asked = time.monotonic()
            change = self._client.changes.get(seq, wait_seconds=seconds)
            if change["in_force"] or not left:
                return change
            if time.monotonic() - asked < seconds / 2:
                # As many wait there as may: the answer came at once.
                time.sleep(min(left, _PAUSE_SECONDS))


def _waited_for(change: Mapping[str, Any]) -> str:
    """Who may still let it through, and how long."""
    count, until = change["waiting"], change["stale_until"]
    names = ", ".join(f"{one['kind']} {one['id']}" for one in change["nodes"] or ())
    named = f" ({names})" if names else ""
    return (
        f"Not in force everywhere yet: {count} not heard of since{named}. "
        f"Without the database they go on until {until} at most."
    )

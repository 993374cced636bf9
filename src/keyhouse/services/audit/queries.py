"""Reading the audit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import AuditRow
from keyhouse.core.validation import Problem
from keyhouse.ports import Page, Range
from keyhouse.services.actor import Actor
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Look, Office, Turn

READ: Final = "audit:read"
EXPORTED_AT_ONCE: Final = 500
_MAKER: Final = "created_by"
_FIRST: Final = bytes(ids.ENTROPY_BYTES)
_TICK_US: Final = 1000
"""Ids are in order of milliseconds."""


class Stretch(NamedTuple):
    """Audit rows from `since` up to, not including, `until`; microseconds."""

    since: int | None = None
    until: int | None = None


ALWAYS: Final = Stretch()


def list_audit(
    look: Look,
    turn: Turn,
    *,
    subject: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    stretch: Stretch = ALWAYS,
) -> Page:
    """Audit rows of the organization, the newest first.

    They tell of everything in it, so the scope must be held for all of it. What
    another organization did to what both have is among them, but not who did it.
    """
    look.actor.whole(READ)
    named = {"subject": subject, "actor": actor, "action": action}
    equals = {name: value for name, value in named.items() if value is not None}
    home = look.actor.organization_id
    # Whoever asks for an actor's rows must not learn which of another's are theirs.
    sides = _sides(home) if actor is None else {"organization_id": home}
    page = look.page(AuditRow, turn, equals, within=_within(stretch), either=sides)
    return page._replace(rows=[_seen(row, home) for row in page.rows])


def export_audit(
    office: Office, actor: Actor, stretch: Stretch, after: str | None
) -> Iterator[list[AuditRow]]:
    """All rows that `list_audit` tells of that time, the oldest first, in parts.

    Behind the row with the id `after`, where there is one: so an export goes on
    where another ended. Each part is a transaction of its own. What is so young
    that a row before it may still be on its way is left for the next export.
    Raises Forbidden and Invalid before the first part.
    """
    actor.whole(READ)
    if after is not None and not ids.is_id(after, ids.AUDIT):
        mend = "give the id of the last row that you have"
        raise Invalid([Problem("after", "is no id of an audit row", mend)])
    return _parts(office, actor, stretch, after or "")


def _parts(
    office: Office, actor: Actor, stretch: Stretch, after: str
) -> Iterator[list[AuditRow]]:
    home = actor.organization_id

    def ask(look: Look) -> list[AuditRow]:
        settled = look.now_us - look.tx.late_us + 1
        until = settled if stretch.until is None else min(stretch.until, settled)
        rows = look.tx.stretch(
            AuditRow,
            after=after,
            limit=EXPORTED_AT_ONCE,
            within=_within(stretch._replace(until=until)),
            either=_sides(home),
        )
        return [_seen(row, home) for row in rows]

    while rows := office.read(actor, ask):
        yield rows
        if len(rows) < EXPORTED_AT_ONCE:
            return
        after = rows[-1].id


def _sides(organization: str) -> dict[str, str]:
    """What it did, and what was done to what it provides or consumes."""
    names = ("organization_id", "provider_id", "consumer_id")
    return dict.fromkeys(names, organization)


def _seen(row: AuditRow, organization: str) -> AuditRow:
    """The row as that organization sees it: who did it is told to their own alone."""
    if row.organization_id == organization:
        return row
    after = {name: value for name, value in row.after.items() if name != _MAKER}
    return replace(row, actor="", address="", request_id="", after=after)


def _within(stretch: Stretch) -> dict[str, Range]:
    """The rows of that time, by their ids as well, which the database looks up."""
    since, until = stretch
    first = None if since is None else _bound(since)
    end = None if until is None else _bound(until + _TICK_US)
    return {"at": (since, until), "id": (first, end)}


def _bound(at_us: int) -> str:
    """The first id that there could be in that millisecond."""
    return ids.make_id(ids.AUDIT, min(max(at_us, 0), _LAST_US), _FIRST)


_LAST_US: Final = ((1 << 48) - 1) * _TICK_US
"""The last moment that an id has room for, thousands of years from now."""

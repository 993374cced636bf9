"""What is due: secrets that are to be replaced, and keys that end."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Key, ReminderKind
from keyhouse.core.rotation import DAY_US
from keyhouse.ports import Page, Transaction
from keyhouse.services import issue
from keyhouse.services.issue import READ, KeyState, KeyView
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, bad_cursor

WITHIN_DAYS_MAX: Final = 366
_OVER: Final = (KeyState.DELETED, KeyState.REVOKED, KeyState.EXPIRED)


class Dated(NamedTuple):
    """Something about a key that is due at a time; `began_at` is since when it runs."""

    key: Key
    hint: str
    kind: ReminderKind
    due_at: int
    began_at: int

    @property
    def id(self) -> str:
        """The same for the same key and kind, whenever it is due."""
        return f"{self.key.id}/{self.kind.value}"


def list_due(look: Look, turn: Turn, within_days: int) -> Page:
    """What is due up to then, and what was due before, of keys within reach.

    In the order of the keys' ids; a page may hold fewer than its limit.
    """
    look.actor.reach(READ)
    until_us = look.now_us + within_days * DAY_US
    try:
        page = look.tx.keys_with_dates(
            look.actor.organization_id,
            after=turn.cursor,
            limit=turn.limit,
            ends_from_us=look.now_us,
            ends_until_us=until_us,
        )
    except ValueError:
        raise bad_cursor() from None
    dated = dates_of(look.tx, page.rows, look.now_us, until_us)
    mine = {one.key.id for one in dated if _is_reached(look, one.key.id)}
    return Page([one for one in dated if one.key.id in mine], page.next_cursor)


def dates_of(
    tx: Transaction, ids: Sequence[str], now_us: int, until_us: int
) -> list[Dated]:
    """What is due of these keys before `until_us`, of those that are not over."""
    keys = tx.find(Key, id=tuple(ids)) if ids else []
    views = issue.views_of(tx, keys, now_us, {})
    return [
        one
        for view in views
        if view.state not in _OVER
        for one in _dates(view)
        if one.due_at < until_us
    ]


def _dates(view: KeyView) -> list[Dated]:
    key, hint, found = view.key, view.hint, []
    if view.due_at is not None and view.newest_at is not None:
        kind = ReminderKind.ROTATION
        found.append(Dated(key, hint, kind, view.due_at, view.newest_at))
    if key.ends_at is not None:
        kind = ReminderKind.EXPIRY
        found.append(Dated(key, hint, kind, key.ends_at, key.created_at))
    return found


def _is_reached(look: Look, id: str) -> bool:
    try:
        issue.reached_key(look, READ, id)
    except NotFound:
        return False
    return True

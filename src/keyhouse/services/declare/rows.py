"""Questions that several kinds ask about rows, and what their commands are given."""

from collections.abc import Set as AbstractSet
from typing import Any, Final

from keyhouse.core.entities import Key, KeyKind
from keyhouse.services.declare.kinds import Held
from keyhouse.services.work import Look, Work

_PAGE: Final = 200


def rest(held: Held, *names: str) -> dict[str, Any]:
    """What is held, without these."""
    return {name: value for name, value in held.items() if name not in names}


def done(_: object) -> None:
    """What a command gave is not needed."""


def holds(at: Look | Work, kind: type[Any], /, **equals: object) -> bool:
    """Whether there is a row that fits."""
    return bool(at.tx.stretch(kind, after="", limit=1, within=None, either=None, **equals))


def left(
    at: Look | Work, kind: type[Any], of: str, loose: AbstractSet[str], **equals: object
) -> bool:
    """Whether there are rows that fit, besides those whose `of` is loose."""
    after = ""
    while rows := at.tx.stretch(
        kind, after=after, limit=_PAGE, within=None, either=None, **equals
    ):
        if any(getattr(row, of) not in loose for row in rows):
            return True
        after = rows[-1].id
    return False


def manages(at: Look | Work, **equals: object) -> bool:
    """Whether a management key is there: it is its holder's way in, and stays."""
    return holds(at, Key, kind=KeyKind.MANAGEMENT, deleted_at=None, **equals)

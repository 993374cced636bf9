"""Who answers for a key, what it is for, and its tags, as a form has them."""

import re
from typing import Final

from keyhouse.core.entities import Key
from keyhouse.doors.console.keys.owners import KEEP
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.services.issue import KeyChanges

_BETWEEN: Final = re.compile(r"[\s,]+")


def read_tags(text: str) -> tuple[str, ...]:
    """Tags apart from each other by spaces, commas or lines."""
    return tuple(tag for tag in _BETWEEN.split(text) if tag)


def read_owner(typed: Typed) -> str | None:
    """The chosen member's id; None for nobody."""
    return typed.text("owner") or None


def read_about(typed: Typed) -> KeyChanges:
    """What the form changes: all but an owner that is kept."""
    changes: KeyChanges = {
        "purpose": typed.text("purpose"),
        "tags": read_tags(typed.text("tags")),
    }
    if typed.text("owner") != KEEP:
        changes["owner"] = read_owner(typed)
    return changes


def typed_about(key: Key) -> dict[str, str]:
    """The fields as they are; `owners.offered` keeps one who has left."""
    return {"owner": key.owner_id, "purpose": key.purpose, "tags": " ".join(key.tags)}

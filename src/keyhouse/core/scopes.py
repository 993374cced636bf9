"""Scopes: `resource:action`. `*` holds all, `resource:*` all of a resource."""

import re
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final

EVERYTHING: Final = "*"
_SCOPE: Final = re.compile(r"\*|[a-z][a-z0-9_.-]{0,62}:(?:\*|[a-z][a-z0-9_.-]{0,62})")


def is_scope(text: str) -> bool:
    """Whether `text` is `*`, `resource:action` or `resource:*`."""
    return _SCOPE.fullmatch(text) is not None


def covers(held: AbstractSet[str], needed: str) -> bool:
    """Whether one who holds `held` may do what `needed` names."""
    return needed in held or EVERYTHING in held or f"{needed.partition(':')[0]}:*" in held


def covers_all(held: frozenset[str], needed: Collection[str]) -> bool:
    """Whether every scope of `needed` is covered."""
    return held.issuperset(needed) or all(covers(held, scope) for scope in needed)

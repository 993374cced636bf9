"""Scopes: `resource:action`. `*` holds all, and stands for any of either side.

What is needed is a list of entries, all of which must be met; an entry names
one scope or several set apart by `|`, any of which is enough. That is the
conjunctive normal form, in which every rule of AND and OR can be written.
"""

import re
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

EVERYTHING: Final = "*"
OR: Final = "|"
ALTERNATIVES_MAX: Final = 16
"""The most scopes in one entry of what is needed."""
_WORD: Final = "[a-z][a-z0-9_.-]{0,62}"
_SCOPE: Final = re.compile(rf"\*|{_WORD}:(?:\*|{_WORD})|\*:{_WORD}")


class Needs(NamedTuple):
    """What is needed, worked out: all of `single`, and one of each of `either`."""

    single: frozenset[str] = frozenset()
    either: tuple[frozenset[str], ...] = ()


def is_scope(text: str) -> bool:
    """Whether `text` is `*`, `resource:action`, `resource:*` or `*:action`."""
    return _SCOPE.fullmatch(text) is not None


def is_wild(scope: str) -> bool:
    """Whether a scope holds others beside itself."""
    return EVERYTHING in scope


def alternatives(entry: str) -> list[str]:
    """The scopes of an entry of what is needed, any of which is enough."""
    return entry.split(OR)


def is_entry(text: str) -> bool:
    """Whether `text` can stand in a list of what is needed."""
    return text.count(OR) < ALTERNATIVES_MAX and all(map(is_scope, alternatives(text)))


def covers(held: AbstractSet[str], needed: str) -> bool:
    """Whether one who holds `held` may do what the one scope `needed` names.

    All of it: a wild scope is covered by itself and by wider ones, and by no
    number of narrower ones, for it holds what has no name yet.
    """
    if needed in held or EVERYTHING in held:
        return True
    resource, colon, action = needed.partition(":")
    return bool(colon) and (f"{resource}:*" in held or f"*:{action}" in held)


def covers_all(held: frozenset[str], needed: Collection[str]) -> bool:
    """Whether every scope of `needed` is covered; none of them is an entry with `|`."""
    return held.issuperset(needed) or all(covers(held, scope) for scope in needed)


def common(one: AbstractSet[str], other: AbstractSet[str]) -> frozenset[str]:
    """What both hold: the scopes of either that the other covers, and where

    `resource:*` meets `*:action` the one scope that lies in both.
    """
    crossed = (
        f"{wide.partition(':')[0]}:{across.partition(':')[2]}"
        for first, second in ((one, other), (other, one))
        for wide in first
        if wide.endswith(":*")
        for across in second
        if across.startswith("*:")
    )
    return frozenset(
        (
            *(scope for scope in one if covers(other, scope)),
            *(scope for scope in other if covers(one, scope)),
            *crossed,
        )
    )


def needs(entries: Iterable[str]) -> Needs:
    """Entries worked out, so that what is held to the letter costs next to nothing."""
    choices = [frozenset(alternatives(entry)) for entry in entries]
    return Needs(
        frozenset(scope for choice in choices if len(choice) == 1 for scope in choice),
        tuple(choice for choice in choices if len(choice) > 1),
    )


def meets(held: frozenset[str], needed: Needs) -> bool:
    """Whether one who holds `held` has all that is needed."""
    single, either = needed
    if not covers_all(held, single):
        return False
    # A loop: a generator would cost more than all else here.
    for choice in either:
        if not _meets_one(held, choice):
            return False
    return True


def meets_all(held: frozenset[str], entries: Collection[str]) -> bool:
    """As `meets`, of entries that nobody has worked out."""
    return held.issuperset(entries) or meets(held, needs(entries))


def unmet(held: frozenset[str], entries: Iterable[str]) -> tuple[str, ...]:
    """The entries that `held` does not meet, as they are written, each once."""
    return tuple(
        entry
        for entry in dict.fromkeys(entries)
        if not _meets_one(held, alternatives(entry))
    )


def _meets_one(held: frozenset[str], choice: Collection[str]) -> bool:
    return not held.isdisjoint(choice) or any(covers(held, scope) for scope in choice)

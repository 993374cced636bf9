"""What each kind of key demands, and what is not for it."""

from collections.abc import Iterator, Sequence

from keyhouse.core.entities import Key, KeyKind, Limit, Restrictions
from keyhouse.core.scopes import is_wild
from keyhouse.core.validation import Problem
from keyhouse.services.issue.access import AccessWish

_FOR_CALLERS = ("referrers", "endpoints", "apps")


def check_kind(
    kind: KeyKind,
    restrictions: Restrictions,
    limits: tuple[Limit, ...],
    access: tuple[AccessWish, ...],
    held: Key | None = None,
) -> list[Problem]:
    """Problems of what is wanted of a key of this kind; `held` is the key as it is now.

    What it has already may stay, whatever is for its kind today.
    """
    if kind is KeyKind.PUBLISHABLE:
        return _check_publishable(restrictions, access)
    if kind is KeyKind.MANAGEMENT:
        return list(_check_management(restrictions, limits, held))
    return []


def _check_publishable(
    restrictions: Restrictions, access: tuple[AccessWish, ...]
) -> list[Problem]:
    """Anyone can read it off a page."""
    problems = [
        Problem(f"access.{index}.scopes", "is too wide for a page", "name single scopes")
        for index, wish in enumerate(access)
        if any(map(is_wild, wish.scopes))
    ]
    if not (restrictions.referrers or restrictions.apps):
        mend = "name the pages that use the key, as https://example.com/*, or its apps"
        reason = "is needed by a publishable key"
        problems.append(Problem("restrictions.referrers", reason, mend))
    return problems


def _check_management(
    restrictions: Restrictions, limits: tuple[Limit, ...], held: Key | None
) -> Iterator[Problem]:
    """The management API asks for networks alone: nothing else would hold."""
    reason, mend = "are not for management keys", "use scopes and networks"
    for name in _FOR_CALLERS:
        before = getattr(held.restrictions, name) if held else ()
        if _adds(getattr(restrictions, name), before):
            yield Problem(f"restrictions.{name}", reason, mend)
    if _adds(limits, held.limits if held else ()):
        yield Problem("limits", reason, mend)


def _adds(wanted: Sequence[object], held: Sequence[object]) -> bool:
    return any(one not in held for one in wanted)

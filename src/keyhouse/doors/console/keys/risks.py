"""What could go wrong with a key if its secret got out, worst first."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from keyhouse.core.entities import Api, Environment, KeyKind
from keyhouse.core.scope_roles import resolved
from keyhouse.core.scopes import EVERYTHING
from keyhouse.doors.console.keys import words
from keyhouse.doors.console.keys.sentences import Reach


class Weight(StrEnum):
    """How much a risk asks for attention."""

    WATCH = "watch"
    NOTE = "note"
    FINE = "fine"


class Risk(NamedTuple):
    """One thing to know before the key is made; `why` says what would help."""

    weight: Weight
    text: str
    why: str


def risks(reach: Reach, kind: KeyKind, apis: Mapping[str, Api]) -> list[Risk]:
    """The risks of a key. `apis` are those that it may name, by slug."""
    if not reach.access:
        return []
    found = [
        *_from_anywhere(reach, kind),
        *_too_wide(reach, apis),
        *_too_often(reach, apis),
        *_too_narrow(reach, apis),
        *_for_ever(reach),
    ]
    found.sort(key=lambda risk: risk.weight is not Weight.WATCH)
    fine = Risk(Weight.FINE, "Narrow", "A leaked secret would be of little use.")
    return found or [fine]


def _from_anywhere(reach: Reach, kind: KeyKind) -> list[Risk]:
    where = reach.restrictions
    if kind is KeyKind.PUBLISHABLE:
        why = "It stands in a page, so give it only what every visitor may do."
        return [Risk(Weight.NOTE, "Can be read by every visitor", why)]
    if where.networks_allowed:
        return []
    text = "Can be used from anywhere"
    if where.networks_denied:
        text = "Can be used from almost anywhere"
    if reach.environment is Environment.TEST:
        return [Risk(Weight.NOTE, text, "Good enough for trying things out.")]
    return [Risk(Weight.WATCH, text, "Name the networks that your servers call from.")]


def _too_wide(reach: Reach, apis: Mapping[str, Api]) -> list[Risk]:
    wide = [name for name in reach.access if EVERYTHING in _held(reach, name, apis)]
    if not wide:
        return []
    text = f"May do everything with {words.listed(wide)}"
    return [Risk(_live(reach), text, "Scopes that are added later are in it too.")]


def _too_often(reach: Reach, apis: Mapping[str, Api]) -> list[Risk]:
    open_ended = [name for name in reach.access if name in apis and not apis[name].limits]
    if reach.limits or not open_ended:
        return []
    text = f"No limit on {words.listed(open_ended)}"
    return [Risk(_live(reach), text, "A loop gone wild would run at full speed.")]


def _too_narrow(reach: Reach, apis: Mapping[str, Api]) -> list[Risk]:
    bare = [
        name
        for name in reach.access
        if name in apis and apis[name].scopes and not _held(reach, name, apis)
    ]
    if not bare:
        return []
    text = f"No scopes of {words.listed(bare)}"
    return [Risk(Weight.NOTE, text, "Calls that need one are refused.")]


def _held(reach: Reach, name: str, apis: Mapping[str, Api]) -> frozenset[str]:
    """All scopes on an API, those of its roles as they are now among them."""
    known = apis[name].roles if name in apis else {}
    return resolved(reach.access[name], reach.roles.get(name, ()), known)


def _for_ever(reach: Reach) -> list[Risk]:
    if reach.ends_at is not None:
        return []
    why = "Fine where you replace it now and then; set an end where you will not."
    return [Risk(Weight.NOTE, "Never ends", why)]


def _live(reach: Reach) -> Weight:
    return Weight.NOTE if reach.environment is Environment.TEST else Weight.WATCH

"""What a plan holds, and what a version of it changed, as short sentences."""

from collections.abc import Iterable, Iterator, Mapping

from keyhouse.core.entities import Per, PlanAccess, PlanLimit, PlanVersion
from keyhouse.doors.console.keys import words
from keyhouse.services.plans import PlanView

Said = Mapping[str, str]
"""What stands on each name."""


def limit(one: PlanLimit) -> str:
    """`50,000 a month`; `5 times a second for each key`."""
    each = " for each key" if one.per is Per.KEY else ""
    return f"{words.limit(one)}{each}"


def limits(many: Iterable[PlanLimit]) -> list[tuple[str, str]]:
    """Their names, and what they say."""
    return [(one.name, limit(one)) for one in many]


def held(one: PlanAccess) -> str:
    """The most that keys may do there: `as reader; forecast: read`."""
    told = [
        *([f"as {words.listed(one.roles)}"] if one.roles else []),
        *([words.scopes(one.scopes)] if one.scopes else []),
    ]
    return "; ".join(told) or "routes that need no scope"


def opens(view: PlanView) -> list[tuple[str, str]]:
    """The APIs by slug, with the most that keys may do there."""
    return [(view.slugs[one.api_id], held(one)) for one in view.version.access]


def route_limits(view: PlanView) -> list[tuple[str, str, str]]:
    """Where a limit is met, its name, and what it says; gone routes are left out."""
    told = []
    for one in view.version.routes:
        route = view.routes.get(one.route_id)
        if route is not None:
            where = f"{view.slugs[one.api_id]} {route.method} {route.path}"
            told += [(where, name, said) for name, said in limits(one.limits)]
    return told


def changes(new: PlanView, old: PlanView | None) -> list[str]:
    """What a version changed; of the first one, what it began with."""
    before = old.version if old else None
    return [
        *_turned(_opened(new, before), _opened(new, new.version), "opens ", ": "),
        *_turned(_limits(before), _limits(new.version), "", ": "),
        *_turned(_routes(new, before), _routes(new, new.version), "on ", ": "),
    ]


def _turned(before: Said, after: Said, verb: str, join: str) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if now is None:
            yield f"no longer {verb}{name}"
        elif was is None:
            yield f"{verb}{name}{join}{now}"
        elif was != now:
            yield f"{verb}{name}{join}{now}, before: {was}"


def _opened(view: PlanView, version: PlanVersion | None) -> Said:
    rows = version.access if version else ()
    return {view.slugs.get(one.api_id, one.api_id): held(one) for one in rows}


def _limits(version: PlanVersion | None) -> Said:
    return dict(limits(version.limits)) if version else {}


def _routes(view: PlanView, version: PlanVersion | None) -> Said:
    told: dict[str, str] = {}
    for one in version.routes if version else ():
        route = view.routes.get(one.route_id)
        path = f"{route.method} {route.path}" if route else one.route_id
        where = f"{view.slugs.get(one.api_id, one.api_id)} {path}"
        told |= {f"{where} {limit.name}": words.limit(limit) for limit in one.limits}
    return told

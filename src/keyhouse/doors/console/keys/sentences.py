"""What a key will be able to do, as a person would say it.

A sentence is made of clauses, so that a page can set the words that matter
apart from those that join them; read together they are plain text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from keyhouse.core.entities import Environment, Limit, Restrictions
from keyhouse.doors.console.keys import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A key's powers, whether it is wanted only or there already.

    `access` maps what an API (or, for management keys, something wider) is
    called to the scopes for it, `roles` to the names of the roles beside them.
    """

    access: Mapping[str, Sequence[str]]
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environment: Environment | None
    restrictions: Restrictions
    limits: tuple[Limit, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None


def sentence(reach: Reach) -> str:
    """The whole of it: *May call weather: read, from 203.0.113.0/24 only, …*"""
    if not reach.access:
        return "Opens nothing yet: choose at least one API."
    clauses = [
        f"May call {may_call(reach)}{_where(reach.environment)}",
        *where_from(reach.restrictions),
        *([words.limits(reach.limits)] if reach.limits else []),
        *until(reach),
    ]
    return f"{', '.join(clauses)}."


def may_call(reach: Reach) -> str:
    """The APIs with scopes and roles: `weather (as reader; forecast: read) and maps`."""
    return words.listed([_opened(reach, name) for name in reach.access])


def _opened(reach: Reach, name: str) -> str:
    scopes, roles = reach.access[name], reach.roles.get(name, ())
    told = [
        *([f"as {words.listed(roles)}"] if roles else []),
        *([words.scopes(scopes)] if scopes else []),
    ]
    return f"{name} ({'; '.join(told)})" if told else name


def where_from(restrictions: Restrictions) -> list[str]:
    """A clause for each kind of restriction that there is; none for anywhere."""
    clauses = []
    if restrictions.endpoints:
        clauses.append(f"only {words.shortened(restrictions.endpoints, 'endpoint')}")
    if restrictions.networks_allowed:
        named = words.shortened(restrictions.networks_allowed, "network")
        clauses.append(f"from {named} only")
    if restrictions.networks_denied:
        named = words.shortened(restrictions.networks_denied, "network")
        clauses.append(f"never from {named}")
    if restrictions.referrers:
        named = words.shortened(restrictions.referrers, "page")
        clauses.append(f"from pages of {named}")
    if restrictions.apps:
        apps = [words.app(one) for one in restrictions.apps]
        clauses.append(f"from the app {words.shortened(apps, 'app')}")
    return clauses


def until(reach: Reach) -> list[str]:
    """From when and until when, where either is bounded."""
    clauses = []
    if reach.starts_at is not None:
        clauses.append(f"from {words.day(reach.starts_at)} (UTC)")
    if reach.ends_at is not None:
        clauses.append(f"until {words.moment(reach.ends_at)}")
    return clauses


def _where(environment: Environment | None) -> str:
    return "" if environment is None else f" in {environment.value}"

"""What a line counts on: the same wherever it is called, or by route, or by time.

Of most lines nothing differs, and then there is nothing to ask. Lines that do
differ are made when a route is first met or a time has come, as most keys
meet few of an API's routes and few see a limit end.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from keyhouse.core.counting import Uses, limit_uses, route_uses
from keyhouse.core.plan_records import InForce, Subscribed
from keyhouse.core.quotas import FOREVER_US
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    GrantRecord,
    KeyRecord,
    Line,
    OrganizationRecord,
    RouteRecord,
)
from keyhouse.core.scope_roles import resolved
from keyhouse.core.scopes import common

_IN_THE_END: Final = FOREVER_US - 1
"""A time at which all has ended that has an end."""


def opened_by(
    grant: GrantRecord, key: KeyRecord, api: ApiRecord, subscribed: Subscribed | None
) -> GrantRecord | None:
    """What a row of access opens: no more than the subscription, where there is one.

    None where that opens nothing, and for a foreign API without one.
    """
    if subscribed is None:
        return grant if api.organization_id == key.organization_id else None
    opened = subscribed.opened(api.id)
    if opened is None:
        return None
    sold = resolved(opened.scopes, opened.roles, api.roles)
    return replace(grant, scopes=common(grant.scopes, sold))


@dataclass(frozen=True, slots=True)
class LineLimits:
    """All whose limits one line meets."""

    key: KeyRecord
    api: ApiRecord
    application: ApplicationRecord
    customer: CustomerRecord | None
    organization: OrganizationRecord | None
    subscribed: Subscribed | None

    def in_the_end(self) -> Uses:
        """What counts on every route when all has ended that has an end."""
        return self.at(self._in_force(_IN_THE_END))

    def at(self, force: InForce | None) -> Uses:
        """What counts on every route with these limits of the subscription."""
        return limit_uses(
            self.key, self.api, self.application, self.customer, self.organization, force
        )

    def by_route(self) -> Callable[[Line, str, int], Line] | None:
        """Gives the line of a route at a time; None where there is one for all."""
        limited = {one.id: one for one in self.api.routes if one.rates or one.quotas}
        force = self._in_force(_IN_THE_END)
        bounds = self.subscribed.bounds() if self.subscribed else ()
        if bounds or (force is not None and force.route_ids):
            return _SubscribedLines(self, limited, bounds)
        return _RouteLines(limited) if limited else None

    def _in_force(self, now_us: int) -> InForce | None:
        return self.subscribed.in_force(now_us) if self.subscribed else None


class _RouteLines:
    """Lines with the limits of a route added, whatever the time."""

    __slots__ = ("_limited", "_made")

    def __init__(self, limited: Mapping[str, RouteRecord]) -> None:
        self._limited = limited
        self._made: dict[str, Line] = {}

    def __call__(self, line: Line, route_id: str, _now_us: int) -> Line:
        """The line that holds on that route: `line` itself where it has no limits."""
        made = self._made.get(route_id)
        if made is not None:
            return made
        route = self._limited.get(route_id)
        if route is None:
            return line
        uses = route_uses(line.key, line.api, route)
        made = self._made[route_id] = _counting(line, _added(line, uses))
        return made


class _SubscribedLines:
    """Lines with the limits that a subscription has on a route, at a time.

    Times are told apart by the ends among them: between two nothing changes.
    """

    __slots__ = ("_bounds", "_limited", "_limits", "_made")

    def __init__(
        self,
        limits: LineLimits,
        limited: Mapping[str, RouteRecord],
        bounds: tuple[int, ...],
    ) -> None:
        self._limits = limits
        self._limited = limited
        self._bounds = bounds
        self._made: dict[tuple[int, str], Line] = {}

    def __call__(self, line: Line, route_id: str, now_us: int) -> Line:
        """The line that holds on that route at that time."""
        place = bisect_right(self._bounds, now_us)
        made = self._made.get((place, route_id))
        if made is None:
            made = self._made[place, route_id] = self._make(line, place, route_id)
        return made

    def _make(self, line: Line, place: int, route_id: str) -> Line:
        subscribed = self._limits.subscribed
        at_us = self._bounds[place - 1] if place else 0
        force = subscribed.in_force(at_us) if subscribed else None
        base = self._base(line, place, force)
        route = self._limited.get(route_id)
        if route is None and (force is None or route_id not in force.route_ids):
            return base
        uses = route_uses(line.key, line.api, route, force, route_id)
        return _counting(base, _added(base, uses))

    def _base(self, line: Line, place: int, force: InForce | None) -> Line:
        """The line of a time on a route that has no limits of its own.

        In the end that is `line` itself. There is one of each, however many
        ask: what is remembered of a line is found by its identity.
        """
        if place == len(self._bounds):
            return line
        made = self._made.get((place, ""))
        if made is None:
            rates, quotas = self._limits.at(force)
            paying = () if line.credits is None else (line.credits,)
            made = _counting(line, Uses(rates, (*quotas, *paying)))
            self._made[place, ""] = made
        return made


def _counting(line: Line, uses: Uses) -> Line:
    return replace(line, rates=uses.rates, quotas=uses.quotas, on_route=None)


def _added(line: Line, uses: Uses) -> Uses:
    """The line's uses and more; what prepays stays last."""
    paying = () if line.credits is None else (line.credits,)
    others = line.quotas[: len(line.quotas) - len(paying)]
    return Uses(line.rates + uses.rates, (*others, *uses.quotas, *paying))

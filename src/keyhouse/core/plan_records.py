"""What the data plane holds of plans and subscriptions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from keyhouse.core.limits import RateLimit
from keyhouse.core.quotas import FOREVER_US, Quota


class Term(NamedTuple):
    """A limit of a plan or of a subscriber, compiled, up to `until_us`.

    `route_id` is '' where it counts on every route. A `limit` of None says
    that nothing of that name counts yet.
    """

    route_id: str
    name: str
    limit: RateLimit | Quota | None
    per_key: bool
    until_us: int = FOREVER_US


class Opened(NamedTuple):
    """The most that keys may do on an API that a plan opens."""

    scopes: frozenset[str]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlanRecord:
    """A plan as its newest version has it. Of a name, the later term wins."""

    id: str
    organization_id: str
    opens: Mapping[str, Opened]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SubscriptionRecord:
    """A subscription. Its terms win over those of its plan.

    Use is booked on the first of `counted_ids`, quotas on each of them.
    """

    id: str
    counted_ids: tuple[str, ...]
    plan_id: str
    active: bool
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subscribed:
    """A subscription with its plan."""

    subscription: SubscriptionRecord
    plan: PlanRecord

    def opened(self, api_id: str) -> Opened | None:
        """What it opens of an API; None where nothing, or not now."""
        return self.plan.opens.get(api_id) if self.subscription.active else None

    def bounds(self) -> tuple[int, ...]:
        """The times at which other limits come into force, in order."""
        ends = {term.until_us for term in self._terms()} - {FOREVER_US}
        return tuple(sorted(ends))

    def in_force(self, now_us: int) -> "InForce":
        """The limits that count at a time."""
        held: dict[tuple[str, str], Term] = {}
        for term in self._terms():
            if now_us < term.until_us:
                held[term.route_id, term.name] = term
        terms = tuple(term for term in held.values() if term.limit is not None)
        return InForce(self.subscription.counted_ids, terms)

    def _terms(self) -> Iterable[Term]:
        return (*self.plan.terms, *self.subscription.terms)


class InForce(NamedTuple):
    """The limits of a subscription at a time, those of routes among them."""

    counted_ids: tuple[str, ...]
    terms: tuple[Term, ...]

    def on(self, route_id: str) -> Iterable[Term]:
        """Those of one route; of '' those that count on every route."""
        return (term for term in self.terms if term.route_id == route_id)

    @property
    def route_ids(self) -> frozenset[str]:
        """The routes that have limits of their own."""
        return frozenset(term.route_id for term in self.terms) - {""}

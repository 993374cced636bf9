"""Which limits a request meets, and for whom each of them counts.

Any subject on the way of a request may have limits: key, API, subscription,
application, customer, organization, route, user. One rule says which give way: an API's
limits are defaults for each key, and the own one of the same name of a key of the
API's organization, whatever its kind, takes the place of one. Nothing else replaces
anything here (a subscriber's own limits have taken the place of the plan's before).
So whoever may change a key cannot lift what its application, its organization or
somebody else has set. All that is left must pass, or nothing is spent.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from keyhouse.core.entities import Environment
from keyhouse.core.limits import RateLimit
from keyhouse.core.plan_records import InForce, Term
from keyhouse.core.quotas import Budget, Quota
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    KeyRecord,
    OrganizationRecord,
    QuotaUse,
    RateUse,
    RouteRecord,
)


class Subject(StrEnum):
    """Whose limit one is."""

    KEY = "key"
    API = "api"
    ROUTE = "route"
    APPLICATION = "application"
    SUBSCRIPTION = "subscription"
    SUBSCRIPTION_ROUTE = "subscription_route"
    CUSTOMER = "customer"
    ORGANIZATION = "organization"
    USER = "user"


CREDITS: Final = "credits"
USERS: Final = "user"
"""The kind of budgets of users, of which there may be as many as there are users."""
"""The kind of subject of the budgets of prepaid customers."""
_BALANCE: Final = "balance"
CREDITS_TOLD: Final = f"{CREDITS}/{_BALANCE}"
"""As what callers are told what a prepaid customer has left."""
_BARE: Final = (Subject.KEY, Subject.API)
"""A call meets only one limit of a name of these two."""


class Level(NamedTuple):
    """A subject with its limits; `kind` and `id` are those of its budgets."""

    kind: str
    id: str
    rates: tuple[RateLimit, ...]
    quotas: tuple[Quota, ...]


class Uses(NamedTuple):
    """Limits, each with what it counts on."""

    rates: tuple[RateUse, ...]
    quotas: tuple[QuotaUse, ...]


def told_name(subject: Subject, name: str) -> str:
    """A limit's name as callers are told it: `organization/daily`.

    The limits of a key and the defaults of an API go by their name alone, but for
    a default beside which a key of somebody else has one of the same name. The
    others bear their subject's, so that two that are called alike are told apart.
    No name has a slash in it.
    """
    return name if subject in _BARE else f"{subject}/{name}"


def named(told: str) -> tuple[Subject | None, str]:
    """What `told_name` put together; None for a bare name, a key's or an API's."""
    subject, _, name = told.rpartition("/")
    return Subject(subject) if subject else None, name


def limit_uses(
    key: KeyRecord,
    api: ApiRecord,
    application: ApplicationRecord,
    customer: CustomerRecord | None,
    organization: OrganizationRecord | None,
    subscribed: InForce | None = None,
) -> Uses:
    """What a key meets on an API whatever the route, the narrowest first.

    `organization` is the key's own, `customer` the provider's. Their limits
    and those of the application and the key count over all that is opened of
    one provider, those of a subscription over all that its plan opens.
    """
    levels = _levels(key, api, application, customer, organization, subscribed)
    return _uses(key, api, levels)


def route_uses(
    key: KeyRecord,
    api: ApiRecord,
    route: RouteRecord | None,
    subscribed: InForce | None = None,
    route_id: str = "",
) -> Uses:
    """What a key meets on a route beyond that: the route's own for each key, and

    the plan's on it. `route` is None where only a plan has any, of `route_id`.
    """
    levels = []
    if route is not None:
        route_id = route.id
        place = f"{key.id}/{route.id}"
        levels.append(Level("key_route", place, route.rates, route.quotas))
    if subscribed is not None:
        levels += _plan_levels(key, subscribed, route_id)
    return _uses(key, api, levels)


def shared_uses(provider_id: str, subscribed: InForce, environment: str) -> Uses:
    """What all keys of a subscription meet together there, whatever the route."""
    rates: list[RateUse] = []
    quotas: list[QuotaUse] = []
    for level in _shared_levels(subscribed, ""):
        counted = _counted((provider_id, level.kind, level.id, environment), level)
        rates += counted.rates
        quotas += counted.quotas
    return Uses(tuple(rates), tuple(quotas))


def user_uses(
    key: KeyRecord,
    api: ApiRecord,
    user: str,
    rates: tuple[RateLimit, ...],
    quotas: tuple[Quota, ...],
) -> Uses:
    """What a user meets inside the key's application, on all APIs of a provider.

    `user` stands for the user in the names of what is counted on.
    """
    own = Level(USERS, f"{key.application_id}/{user}", rates, quotas)
    return _uses(key, api, [own])


def credits_budget(provider_id: str, customer_id: str) -> Budget:
    """What a customer's credits are counted on: one balance, whatever is called."""
    return Budget(provider_id, CREDITS, customer_id, "", _BALANCE)


def credit_use(key: KeyRecord, customer: CustomerRecord | None) -> QuotaUse | None:
    """The credits that a call with this key spends of; None where it spends none.

    Only live keys do: trying an API out costs its customer nothing.
    """
    if customer is None or customer.credits is None:
        return None
    if key.environment != Environment.LIVE.value:
        return None
    budget = credits_budget(customer.organization_id, customer.id)
    return QuotaUse(_token(budget), customer.credits, budget)


def _levels(
    key: KeyRecord,
    api: ApiRecord,
    application: ApplicationRecord,
    customer: CustomerRecord | None,
    organization: OrganizationRecord | None,
    subscribed: InForce | None,
) -> Iterable[Level]:
    yield Level("key", key.id, key.rates, key.quotas)
    yield _defaults(key, api)
    if subscribed is not None:
        yield from _plan_levels(key, subscribed, "")
    yield Level("application", application.id, application.rates, application.quotas)
    if customer is not None:
        yield Level("customer", customer.id, customer.rates, customer.quotas)
    if organization is not None:
        yield Level(
            "organization", organization.id, organization.rates, organization.quotas
        )


def _defaults(key: KeyRecord, api: ApiRecord) -> Level:
    """The API's limits for each key, without those that the key replaces.

    Whoever buys access writes the limits of their keys, and lifts none of the
    provider's by that: both hold, and the provider's is told as `api/fast`.
    """
    own = {rate.name for rate in key.rates} | {quota.name for quota in key.quotas}
    place = f"{key.id}/{api.id}"
    if key.organization_id == api.organization_id:
        return Level("key_api", place, _without(api.rates, own), _without(api.quotas, own))
    return Level("key_api", place, _beside(api.rates, own), _beside(api.quotas, own))


T = TypeVar("T", RateLimit, Quota)


def _without(limits: tuple[T, ...], names: Collection[str]) -> tuple[T, ...]:
    return tuple(limit for limit in limits if limit.name not in names)


def _beside(limits: tuple[T, ...], names: Collection[str]) -> tuple[T, ...]:
    """`limits`, those that are called like others told apart by their subject."""
    return tuple(
        replace(limit, name=f"{Subject.API}/{limit.name}") if limit.name in names else limit
        for limit in limits
    )


def _plan_levels(key: KeyRecord, subscribed: InForce, route_id: str) -> list[Level]:
    """A plan's limits on a route, or on all of them: those that count for the key

    alone, and those that all keys of the subscription share.
    """
    own = [term for term in subscribed.on(route_id) if term.per_key]
    apart = _places(subscribed, "subscription_key", f"/{key.id}", route_id, own)
    return [*apart, *_shared_levels(subscribed, route_id)]


def _shared_levels(subscribed: InForce, route_id: str) -> list[Level]:
    terms = [term for term in subscribed.on(route_id) if not term.per_key]
    return _places(subscribed, "subscription", "", route_id, terms)


def _places(
    subscribed: InForce, kind: str, whose: str, route_id: str, terms: Sequence[Term]
) -> list[Level]:
    """A level for each that use is booked on; rates, which soon forget, on the first.

    No place names the plan: whoever moves to another keeps what was used.
    """
    if route_id:
        kind, whose = f"{kind}_route", f"{whose}/{route_id}"
    first, *others = (
        _level(kind, f"{counted_id}{whose}", terms) for counted_id in subscribed.counted_ids
    )
    return [first, *(level._replace(rates=()) for level in others)]


def _level(kind: str, place: str, terms: Iterable[Term]) -> Level:
    limits = [term.limit for term in terms]
    return Level(
        kind,
        place,
        tuple(one for one in limits if isinstance(one, RateLimit)),
        tuple(one for one in limits if isinstance(one, Quota)),
    )


def _uses(key: KeyRecord, api: ApiRecord, levels: Iterable[Level]) -> Uses:
    rates: list[RateUse] = []
    quotas: list[QuotaUse] = []
    for level in levels:
        place = (api.organization_id, level.kind, level.id, key.environment or "")
        counted = _counted(place, level)
        rates += counted.rates
        quotas += counted.quotas
    return Uses(tuple(rates), tuple(quotas))


def _counted(place: tuple[str, str, str, str], level: Level) -> Uses:
    """The limits of a level, each with what it counts on there."""
    rates = [RateUse(_token(_budget(place, one.name)), one) for one in level.rates]
    budgets = [(_budget(place, one.name), one) for one in level.quotas]
    quotas = [QuotaUse(_token(budget), quota, budget) for budget, quota in budgets]
    return Uses(tuple(rates), tuple(quotas))


def _budget(place: tuple[str, str, str, str], told: str) -> Budget:
    """The budget of a limit there; it names the subject by itself."""
    return Budget(*place, named(told)[1])


def _token(budget: Budget) -> str:
    return "|".join(budget)

"""What is left of the limits that a key meets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from keyhouse.core.compilation import (
    compile_api,
    compile_application,
    compile_customer,
    compile_key,
    compile_organization,
)
from keyhouse.core.counting import (
    CREDITS_TOLD,
    Subject,
    credit_use,
    limit_uses,
    named,
    route_uses,
)
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    ApplicationCustomer,
    Customer,
    Key,
    KeyKind,
    Limit,
    LimitKind,
    Organization,
    Resource,
    Route,
)
from keyhouse.core.quotas import span_of
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    OrganizationRecord,
    QuotaUse,
    RateUse,
)
from keyhouse.services.issue.queries import READ, reached_key
from keyhouse.services.reports.bought import Bought, read_bought
from keyhouse.services.work import Look

_Limits = Mapping[str, Limit]


class LimitLeft(NamedTuple):
    """A limit that counts for a key, and how it stands.

    `api_slug` is None where it counts over all that is opened
    of a provider, `route` is the method and path of a route's. `counted_on`
    names the counter: keys that share it share the limit. Of rates, which are
    counted where requests arrive, what was used is None. A customer's credits
    are a quota without a window, which never starts anew.
    """

    subject: Subject
    api_slug: str | None
    route: str | None
    limit: Limit
    counted_on: str
    used: int | None
    left: int | None
    resets_at: int | None


class _Met(NamedTuple):
    """A limit that a key meets, and what it counts on."""

    subject: Subject
    api_slug: str | None
    route: str | None
    limit: Limit
    use: RateUse | QuotaUse


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows that the limits of some keys stand in, by id, read and compiled once."""

    opened: Mapping[str, Sequence[str]]
    apis: Mapping[str, tuple[Api, ApiRecord]]
    routes: Mapping[str, Route]
    applications: Mapping[str, tuple[Application, ApplicationRecord]]
    customers: Mapping[str, tuple[Customer, CustomerRecord]]
    bought: Mapping[tuple[str, str], Bought]
    organizations: Mapping[str, tuple[Organization, OrganizationRecord]]

    def customer(
        self, application: ApplicationRecord, provider_id: str
    ) -> tuple[Customer | None, CustomerRecord | None]:
        """The one that an application is of with a provider."""
        return self.customers.get(application.customers.get(provider_id, ""), (None, None))


def limits_left(look: Look, key_id: str) -> list[LimitLeft]:
    """The limits that a key meets, its own first."""
    key = reached_key(look, READ, key_id)
    return limits_of(look, [key])[key.id]


def limits_of(look: Look, keys: Sequence[Key]) -> dict[str, list[LimitLeft]]:
    """The limits of many keys, all within reach, in as many reads as of one."""
    rows = _read(look, keys)
    return _counted(look, {key.id: _met(key, rows) for key in keys})


def _read(look: Look, keys: Sequence[Key]) -> _Rows:
    find = look.tx.find
    # A management key may manage APIs, and opens none.
    calling = tuple(key.id for key in keys if key.kind is not KeyKind.MANAGEMENT)
    opened: dict[str, list[str]] = {}
    for row in find(Access, key_id=calling, resource=Resource.API):
        opened.setdefault(row.key_id, []).append(row.resource_id)
    ids = tuple({id for named_ids in opened.values() for id in named_ids})
    routes = find(Route, api_id=ids)
    callers = tuple({key.application_id for key in keys})
    applications = find(Application, id=callers)
    links = find(ApplicationCustomer, application_id=callers)
    customers = find(Customer, id=tuple({link.customer_id for link in links}))
    owners = find(Organization, id=tuple({key.organization_id for key in keys}))
    return _Rows(
        opened,
        {row.id: (row, _compiled(row, routes)) for row in find(Api, id=ids)},
        {route.id: route for route in routes},
        {row.id: (row, _called(row, links)) for row in applications},
        {row.id: (row, compile_customer(row, ZoneInfo)) for row in customers},
        read_bought(look, callers),
        {row.id: (row, compile_organization(row, ZoneInfo)) for row in owners},
    )


def _compiled(api: Api, routes: Iterable[Route]) -> ApiRecord:
    own = [route for route in routes if route.api_id == api.id]
    return compile_api(api, own, ZoneInfo)


def _called(
    application: Application, links: Iterable[ApplicationCustomer]
) -> ApplicationRecord:
    own = [link for link in links if link.application_id == application.id]
    return compile_application(application, ZoneInfo, own)


def _met(key: Key, rows: _Rows) -> list[_Met]:
    """The limits that a key meets, each once and its own first."""
    met: dict[str, _Met] = {}
    for id in rows.opened.get(key.id, ()):
        if id in rows.apis:
            for one in _met_on(key, id, rows):
                met.setdefault(_token(one.use), one)
    # The sort is stable: the rest stays in the order in which it is met.
    return sorted(met.values(), key=lambda one: one.subject is not Subject.KEY)


def _met_on(key: Key, api_id: str, rows: _Rows) -> Iterable[_Met]:
    api, opened = rows.apis[api_id]
    application, called = rows.applications[key.application_id]
    customer, served = rows.customer(called, api.organization_id)
    organization, home = rows.organizations[key.organization_id]
    record = compile_key(key, (), (), ZoneInfo)
    own, default = _by_name(key.limits), _by_name(api.limits)
    bought = rows.bought.get((application.id, api_id))
    force = None if bought is None else bought.force
    shared = {
        Subject.SUBSCRIPTION: bought.on("") if bought else {},
        Subject.APPLICATION: _by_name(application.limits),
        Subject.CUSTOMER: _by_name(customer.limits if customer else ()),
        Subject.ORGANIZATION: _by_name(organization.limits),
    }
    for told, use in _named(*limit_uses(record, opened, called, served, home, force)):
        subject, name = named(told)
        if subject is not None and subject is not Subject.API:
            yield _Met(subject, None, None, shared[subject][name], use)
        elif subject is None and name in own:
            yield _Met(Subject.KEY, None, None, own[name], use)
        else:
            yield _Met(Subject.API, api.slug, None, default[name], use)
    paying = credit_use(record, served)
    if paying is not None:
        kind, added = LimitKind.QUOTA, paying.quota.amount
        credits_ = Limit(name=CREDITS_TOLD, kind=kind, amount=added)
        yield _Met(Subject.CUSTOMER, None, None, credits_, paying)
    for route in opened.routes:
        row = rows.routes[route.id]
        words = f"{row.method} {row.path}"
        placed = {
            Subject.ROUTE: _by_name(row.limits),
            Subject.SUBSCRIPTION_ROUTE: bought.on(route.id) if bought else {},
        }
        for told, use in _named(*route_uses(record, opened, route, force)):
            subject, name = named(told)
            limits = placed[subject or Subject.ROUTE]
            yield _Met(subject or Subject.ROUTE, api.slug, words, limits[name], use)


def _by_name(limits: Iterable[Limit]) -> _Limits:
    return {limit.name: limit for limit in limits}


def _named(
    rates: Iterable[RateUse], quotas: Iterable[QuotaUse]
) -> Iterable[tuple[str, RateUse | QuotaUse]]:
    for rate in rates:
        yield rate.limit.name, rate
    for quota in quotas:
        yield quota.quota.name, quota


def _token(use: RateUse | QuotaUse) -> str:
    return use.counter if isinstance(use, RateUse) else use.token


def _counted(look: Look, met: dict[str, list[_Met]]) -> dict[str, list[LimitLeft]]:
    uses = {
        one.use.token: one.use
        for limits in met.values()
        for one in limits
        if isinstance(one.use, QuotaUse)
    }
    wanted = [(use.budget, span_of(use.quota, look.now_us)) for use in uses.values()]
    spent = dict(zip(uses, look.reports.spent(wanted), strict=True)) if uses else {}
    return {
        key_id: [_left(look, one, spent) for one in limits]
        for key_id, limits in met.items()
    }


def _left(look: Look, met: _Met, spent: dict[str, int]) -> LimitLeft:
    subject, api_slug, route, limit, use = met
    if not isinstance(use, QuotaUse):
        return LimitLeft(subject, api_slug, route, limit, use.counter, None, None, None)
    used = spent[use.token]
    left = max(limit.amount - used, 0)
    window = use.quota.window
    resets_at = None if window is None else span_of(use.quota, look.now_us).end_us
    return LimitLeft(subject, api_slug, route, limit, use.token, used, left, resets_at)

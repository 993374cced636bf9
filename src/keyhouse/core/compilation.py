"""From rows to records: everything that can be worked out before a request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import lru_cache
from sys import intern
from typing import Final

from keyhouse.core import entities as rows
from keyhouse.core.addresses import Networks
from keyhouse.core.apps import Apps
from keyhouse.core.counting import (
    CREDITS_TOLD,
    Subject,
    credit_use,
    told_name,
)
from keyhouse.core.limits import RateLimit, rate_limit
from keyhouse.core.lines import LineLimits, opened_by
from keyhouse.core.notices import notice_of
from keyhouse.core.patterns import Endpoints, Referrers, parse_endpoint
from keyhouse.core.plan_records import Subscribed
from keyhouse.core.quotas import FOREVER_US, Quota
from keyhouse.core.records import (
    ApiRecord,
    ApplicationRecord,
    CustomerRecord,
    GrantRecord,
    KeyRecord,
    Line,
    OrganizationRecord,
    ProjectRecord,
    RevocationsRecord,
    RouteRecord,
    SecretRecord,
    UpstreamHeaders,
)
from keyhouse.core.scope_roles import resolved
from keyhouse.core.scopes import needs
from keyhouse.core.user_tokens import revoked_name
from keyhouse.core.verdict import Verdict

SHARED_MAX: Final = 1_024
ZoneLoader = Callable[[str], tzinfo]


def compile_organization(row: rows.Organization, zones: ZoneLoader) -> OrganizationRecord:
    """The record of an organization."""
    return OrganizationRecord(
        row.id,
        row.disabled_at is not None,
        compile_rates(row.limits, Subject.ORGANIZATION),
        compile_quotas(row.limits, zones, Subject.ORGANIZATION),
    )


def compile_project(row: rows.Project) -> ProjectRecord:
    """The record of a project."""
    return ProjectRecord(row.id, row.organization_id, row.disabled_at is not None)


def compile_application(
    row: rows.Application,
    zones: ZoneLoader,
    customers: Iterable[rows.ApplicationCustomer] = (),
    subscriptions: Iterable[rows.SubscriptionApi] = (),
) -> ApplicationRecord:
    """The record of an application with its links to customers and subscriptions."""
    return ApplicationRecord(
        intern(row.id),
        intern(row.organization_id),
        intern(row.project_id),
        row.name,
        row.external_id,
        row.disabled_at is not None,
        compile_rates(row.limits, Subject.APPLICATION),
        compile_quotas(row.limits, zones, Subject.APPLICATION),
        {link.provider_id: link.customer_id for link in customers},
        {link.api_id: link.subscription_id for link in subscriptions},
    )


def compile_customer(row: rows.Customer, zones: ZoneLoader) -> CustomerRecord:
    """The record of a customer."""
    return CustomerRecord(
        row.id,
        row.organization_id,
        row.external_id,
        row.disabled_at is not None,
        compile_rates(row.limits, Subject.CUSTOMER),
        compile_quotas(row.limits, zones, Subject.CUSTOMER),
        _credits(row),
    )


def _credits(row: rows.Customer) -> Quota | None:
    if row.prepaid_at is None:
        return None
    return Quota(CREDITS_TOLD, row.credits or 0, None, UTC, 0)


def compile_api(
    row: rows.Api,
    routes: Sequence[rows.Route],
    zones: ZoneLoader,
    headers: UpstreamHeaders | None = None,
    imported: rows.ImportedStrings | None = None,
) -> ApiRecord:
    """The record of an API; `routes` in any order, `imported` is its project's."""
    ordered = sorted(routes, key=lambda route: (route.position, route.id))
    parameter = row.query_parameter
    compiled = tuple(compile_route(one, zones) for one in ordered)
    return ApiRecord(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        slug=row.slug,
        upstreams=dict(row.upstreams),
        key_header=row.key_header.lower().encode("ascii"),
        query_parameter=parameter.encode("ascii") if parameter else None,
        endpoints=Endpoints([(r.method, r.path) for r in ordered]) if ordered else None,
        routes=compiled,
        rates=compile_rates(row.limits),
        quotas=compile_quotas(row.limits, zones),
        disabled=row.disabled_at is not None,
        roles={name: frozenset(scopes) for name, scopes in row.roles.items()},
        refuses_browsers=row.browser_keys is rows.BrowserKeys.REFUSE,
        cors_origins=Referrers(row.cors_origins) if row.cors_origins else None,
        keeps_prefix=row.prefix is rows.Prefix.KEEP,
        upstream_headers=headers,
        signs_identity=row.identity is rows.Identity.SIGNED,
        imported=imported,
        upstream_costs=frozenset(
            one.id for one in routes if one.cost_from is rows.CostFrom.UPSTREAM
        ),
        token_seconds_max=row.token_seconds_max,
        user_rates=compile_rates(row.user_limits, Subject.USER),
        user_quotas=compile_quotas(row.user_limits, zones, Subject.USER),
    )


def compile_route(row: rows.Route, zones: ZoneLoader) -> RouteRecord:
    """The record of a route."""
    return RouteRecord(
        row.id,
        row.scopes,
        needs(row.scopes),
        row.cost,
        compile_rates(row.limits, Subject.ROUTE),
        compile_quotas(row.limits, zones, Subject.ROUTE),
    )


def compile_key(
    row: rows.Key,
    access: Iterable[rows.Access],
    secrets: Iterable[rows.SecretRow],
    zones: ZoneLoader,
) -> KeyRecord:
    """The record of a key with all that belongs to it."""
    limits = row.restrictions
    networks = limits.networks_allowed or limits.networks_denied
    endpoints = [parse_endpoint(text) for text in limits.endpoints]
    return KeyRecord(
        id=row.id,
        name=row.name,
        organization_id=intern(row.organization_id),
        project_id=intern(row.project_id),
        application_id=intern(row.application_id),
        kind=row.kind,
        environment=None if row.environment is None else row.environment.value,
        starts_us=row.starts_at or 0,
        ends_us=FOREVER_US if row.ends_at is None else row.ends_at,
        disabled=row.disabled_at is not None,
        revoked=row.revoked_at is not None,
        deleted=row.deleted_at is not None,
        networks=_networks(limits.networks_allowed, limits.networks_denied)
        if networks
        else None,
        referrers=Referrers(limits.referrers) if limits.referrers else None,
        endpoints=Endpoints(endpoints) if endpoints else None,
        rates=_key_rates(tuple(row.limits)),
        quotas=_key_quotas(tuple(row.limits), zones),
        grants=_same(tuple(compile_grant(a) for a in sorted(access, key=lambda a: a.id))),
        secrets=tuple(map(compile_secret, secrets)),
        apps=Apps(limits.apps) if limits.apps else None,
    )


def compile_grant(row: rows.Access) -> GrantRecord:
    """The record of one row of access."""
    return _grant(
        row.resource,
        row.resource_id,
        row.provider_id,
        row.subscription_id,
        tuple(row.scopes),
        tuple(row.roles),
    )


# Very many keys open the same APIs in the same way, and may be used in the same
# networks: what that comes to is held once. So it is with ids of many records.


@lru_cache(SHARED_MAX)
def _grant(
    resource: rows.Resource,
    resource_id: str,
    provider_id: str,
    subscription_id: str | None,
    scopes: tuple[str, ...],
    roles: tuple[str, ...],
) -> GrantRecord:
    return GrantRecord(
        resource, resource_id, provider_id, subscription_id, frozenset(scopes), roles
    )


@lru_cache(SHARED_MAX)
def _same(grants: tuple[GrantRecord, ...]) -> tuple[GrantRecord, ...]:
    return grants


@lru_cache(SHARED_MAX)
def _key_rates(limits: tuple[rows.Limit, ...]) -> tuple[RateLimit, ...]:
    return compile_rates(limits)


@lru_cache(SHARED_MAX)
def _key_quotas(limits: tuple[rows.Limit, ...], zones: ZoneLoader) -> tuple[Quota, ...]:
    return compile_quotas(limits, zones)


@lru_cache(SHARED_MAX)
def _networks(allowed: tuple[str, ...], denied: tuple[str, ...]) -> Networks:
    return Networks(allowed, denied)


def compile_secret(row: rows.SecretRow) -> SecretRecord:
    """The record of a secret, without its digest."""
    ends_us = FOREVER_US if row.ends_at is None else row.ends_at
    revoked = row.revoked_at is not None
    return SecretRecord(
        row.id, row.version, row.starts_at, ends_us, revoked, row.replaced_at
    )


def compile_revocations(
    application_id: str, revoked: Iterable[rows.TokenRevocation]
) -> RevocationsRecord:
    """The record of what is revoked of an application's user tokens."""
    before_us = {revoked_name(row.kind, row.value): row.before for row in revoked}
    return RevocationsRecord(application_id, before_us)


def compile_rates(
    limits: Iterable[rows.Limit], subject: Subject = Subject.KEY
) -> tuple[RateLimit, ...]:
    """The rate limits among `limits`, named as `told_name` has it for their subject."""
    return tuple(_rate(one, subject) for one in limits if one.kind is rows.LimitKind.RATE)


def compile_quotas(
    limits: Iterable[rows.Limit], zones: ZoneLoader, subject: Subject = Subject.KEY
) -> tuple[Quota, ...]:
    """The quotas among `limits`, their zones loaded; named as rates are."""
    return tuple(
        _quota(one, zones, subject)
        for one in limits
        if one.kind is rows.LimitKind.QUOTA and one.window is not None
    )


def compile_limit(
    limit: rows.Limit, zones: ZoneLoader, subject: Subject
) -> RateLimit | Quota:
    """One limit, whatever its kind."""
    if limit.kind is rows.LimitKind.RATE:
        return _rate(limit, subject)
    return _quota(limit, zones, subject)


def _rate(one: rows.Limit, subject: Subject) -> RateLimit:
    name = told_name(subject, one.name)
    return rate_limit(name, one.amount, one.period_seconds or 1, one.burst)


def _quota(one: rows.Limit, zones: ZoneLoader, subject: Subject) -> Quota:
    name = told_name(subject, one.name)
    return Quota(name, one.amount, one.window, zones(one.zone), one.offset_seconds)


def compile_line(
    secret: SecretRecord,
    key: KeyRecord,
    application: ApplicationRecord,
    api: ApiRecord,
    *,
    owners: Iterable[OrganizationRecord | ProjectRecord],
    providers: Iterable[OrganizationRecord | ProjectRecord],
    customer: CustomerRecord | None = None,
    subscribed: Subscribed | None = None,
) -> Line:
    """The way from a secret to an API.

    `owners` are the key's organization and project, `providers` those of the
    API; `customer` is the one that the application is of there, `subscribed`
    what it has subscribed to there. A management key opens no API, whatever it
    may manage, and a foreign API is opened by a subscription alone.
    """
    owners = tuple(owners)
    holders = owners if customer is None else (*owners, customer)
    shut = api.disabled or any(owner.disabled for owner in providers)
    manages = key.kind is rows.KeyKind.MANAGEMENT
    grant = None if shut or manages else compile_grant_on(key, api)
    closed = Verdict.API_NOT_ALLOWED
    if grant is not None:
        grant = opened_by(grant, key, api, subscribed)
        closed = Verdict.SUBSCRIPTION_INACTIVE
    homes = (one for one in owners if isinstance(one, OrganizationRecord))
    limits = LineLimits(
        key, api, application, customer, next(homes, None), subscribed if grant else None
    )
    paying = credit_use(key, customer)
    rates, quotas = limits.in_the_end()
    return Line(
        secret=secret,
        key=key,
        application=application,
        api=api,
        grant=grant,
        state=standing(secret, key, application, holders),
        starts_us=max(secret.starts_us, key.starts_us),
        ends_us=min(secret.ends_us, key.ends_us),
        rates=rates,
        quotas=quotas if paying is None else (*quotas, paying),
        on_route=limits.by_route(),
        customer=customer,
        credits=paying,
        notice=notice_of(secret.ends_us, secret.replaced_us, key.ends_us),
        subscription=subscribed.subscription if subscribed else None,
        closed=closed,
    )


def compile_grant_on(key: KeyRecord, api: ApiRecord) -> GrantRecord | None:
    """The row of access that opens an API, with the scopes of its roles there."""
    grant = key.grant_for(api)
    if grant is None or not grant.roles:
        return grant
    public = key.kind is rows.KeyKind.PUBLISHABLE
    return replace(
        grant, scopes=resolved(grant.scopes, grant.roles, api.roles, narrow=public)
    )


def standing(
    secret: SecretRecord,
    key: KeyRecord,
    application: ApplicationRecord,
    owners: Iterable[OrganizationRecord | ProjectRecord | CustomerRecord],
) -> Verdict | None:
    """The refusal that holds whatever is asked and whenever, None if there is none.

    `owners` are all that switch the key off with them.
    """
    if key.deleted:
        return Verdict.UNKNOWN
    if key.revoked or secret.revoked:
        return Verdict.REVOKED
    if key.disabled or application.disabled or any(owner.disabled for owner in owners):
        return Verdict.DISABLED
    return None

"""From rows to records: everything that can be worked out before a request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo

from keyhouse.core import entities as rows
from keyhouse.core.addresses import Networks
from keyhouse.core.apps import Apps
from keyhouse.core.limits import RateLimit, rate_limit
from keyhouse.core.patterns import Endpoints, Referrers, parse_endpoint
from keyhouse.core.quotas import Budget, Quota
from keyhouse.core.records import (
    FOREVER_US,
    ApiRecord,
    ApplicationRecord,
    GrantRecord,
    KeyRecord,
    Line,
    OrganizationRecord,
    ProjectRecord,
    QuotaUse,
    RateUse,
    RouteRecord,
    SecretRecord,
    UpstreamHeaders,
)
from keyhouse.core.scope_roles import resolved
from keyhouse.core.scopes import needs
from keyhouse.core.verdict import Verdict

ZoneLoader = Callable[[str], tzinfo]


def compile_organization(row: rows.Organization) -> OrganizationRecord:
    """The record of an organization."""
    return OrganizationRecord(row.id, row.disabled_at is not None)


def compile_project(row: rows.Project) -> ProjectRecord:
    """The record of a project."""
    return ProjectRecord(row.id, row.organization_id, row.disabled_at is not None)


def compile_application(row: rows.Application) -> ApplicationRecord:
    """The record of an application."""
    return ApplicationRecord(
        row.id,
        row.organization_id,
        row.project_id,
        row.name,
        row.external_id,
        row.disabled_at is not None,
    )


def compile_api(
    row: rows.Api,
    routes: Sequence[rows.Route],
    zones: ZoneLoader,
    headers: UpstreamHeaders | None = None,
) -> ApiRecord:
    """The record of an API; `routes` in any order."""
    ordered = sorted(routes, key=lambda route: (route.position, route.id))
    parameter = row.query_parameter
    return ApiRecord(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        slug=row.slug,
        upstreams=dict(row.upstreams),
        key_header=row.key_header.lower().encode("ascii"),
        query_parameter=parameter.encode("ascii") if parameter else None,
        endpoints=Endpoints([(r.method, r.path) for r in ordered]) if ordered else None,
        routes=tuple(RouteRecord(r.id, r.scopes, needs(r.scopes), r.cost) for r in ordered),
        rates=compile_rates(row.limits),
        quotas=compile_quotas(row.limits, zones),
        disabled=row.disabled_at is not None,
        roles={name: frozenset(scopes) for name, scopes in row.roles.items()},
        refuses_browsers=row.browser_keys is rows.BrowserKeys.REFUSE,
        cors_origins=Referrers(row.cors_origins) if row.cors_origins else None,
        keeps_prefix=row.prefix is rows.Prefix.KEEP,
        upstream_headers=headers,
        signs_identity=row.identity is rows.Identity.SIGNED,
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
        organization_id=row.organization_id,
        project_id=row.project_id,
        application_id=row.application_id,
        kind=row.kind,
        environment=None if row.environment is None else row.environment.value,
        starts_us=row.starts_at or 0,
        ends_us=FOREVER_US if row.ends_at is None else row.ends_at,
        disabled=row.disabled_at is not None,
        revoked=row.revoked_at is not None,
        deleted=row.deleted_at is not None,
        networks=Networks(limits.networks_allowed, limits.networks_denied)
        if networks
        else None,
        referrers=Referrers(limits.referrers) if limits.referrers else None,
        endpoints=Endpoints(endpoints) if endpoints else None,
        rates=compile_rates(row.limits),
        quotas=compile_quotas(row.limits, zones),
        grants=tuple(compile_grant(a) for a in sorted(access, key=lambda a: a.id)),
        secrets={secret.id: compile_secret(secret) for secret in secrets},
        apps=Apps(limits.apps) if limits.apps else None,
    )


def compile_grant(row: rows.Access) -> GrantRecord:
    """The record of one row of access."""
    return GrantRecord(
        row.resource,
        row.resource_id,
        row.provider_id,
        row.subscription_id,
        frozenset(row.scopes),
        row.roles,
    )


def compile_secret(row: rows.SecretRow) -> SecretRecord:
    """The record of a secret, without its digest."""
    ends_us = FOREVER_US if row.ends_at is None else row.ends_at
    revoked = row.revoked_at is not None
    return SecretRecord(row.id, row.version, row.starts_at, ends_us, revoked)


def compile_rates(limits: Iterable[rows.Limit]) -> tuple[RateLimit, ...]:
    """The rate limits among `limits`."""
    return tuple(
        rate_limit(one.name, one.amount, one.period_seconds or 1, one.burst)
        for one in limits
        if one.kind is rows.LimitKind.RATE
    )


def compile_quotas(limits: Iterable[rows.Limit], zones: ZoneLoader) -> tuple[Quota, ...]:
    """The quotas among `limits`, their zones loaded."""
    return tuple(
        Quota(one.name, one.amount, one.window, zones(one.zone), one.offset_seconds)
        for one in limits
        if one.kind is rows.LimitKind.QUOTA and one.window is not None
    )


def compile_line(
    secret: SecretRecord,
    key: KeyRecord,
    application: ApplicationRecord,
    api: ApiRecord,
    *,
    owners: Iterable[OrganizationRecord | ProjectRecord],
    providers: Iterable[OrganizationRecord | ProjectRecord],
) -> Line:
    """The way from a secret to an API.

    `owners` are the key's organization and project, `providers` those of the
    API. A management key opens no API, whatever it may manage.
    """
    closed = api.disabled or any(owner.disabled for owner in providers)
    manages = key.kind is rows.KeyKind.MANAGEMENT
    grant = None if closed or manages else compile_grant_on(key, api)
    rates, quotas = limit_uses(key, api)
    return Line(
        secret=secret,
        key=key,
        application=application,
        api=api,
        grant=grant,
        state=standing(secret, key, application, owners),
        starts_us=max(secret.starts_us, key.starts_us),
        ends_us=min(secret.ends_us, key.ends_us),
        rates=rates,
        quotas=quotas,
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


def limit_uses(
    key: KeyRecord, api: ApiRecord
) -> tuple[tuple[RateUse, ...], tuple[QuotaUse, ...]]:
    """The limits that a key meets on an API, each with what it counts on.

    A key's own limits count once for all APIs of a provider; an API's count
    for each key on that API, and one that the key has under the same name
    gives way.
    """
    where = key.environment or ""
    own = ("key", key.id)
    shared = ("key_api", f"{key.id}/{api.id}")
    taken = {rate.name for rate in key.rates} | {quota.name for quota in key.quotas}
    rates = [(own, rate) for rate in key.rates]
    rates += [(shared, rate) for rate in api.rates if rate.name not in taken]
    quotas = [(own, quota) for quota in key.quotas]
    quotas += [(shared, quota) for quota in api.quotas if quota.name not in taken]
    provider = api.organization_id
    return (
        tuple(
            RateUse(_token(Budget(provider, *subject, where, rate.name)), rate)
            for subject, rate in rates
        ),
        tuple(
            _quota_use(Budget(provider, *subject, where, quota.name), quota)
            for subject, quota in quotas
        ),
    )


def _quota_use(budget: Budget, quota: Quota) -> QuotaUse:
    return QuotaUse(_token(budget), quota, budget)


def _token(budget: Budget) -> str:
    return "|".join(budget)


def standing(
    secret: SecretRecord,
    key: KeyRecord,
    application: ApplicationRecord,
    owners: Iterable[OrganizationRecord | ProjectRecord],
) -> Verdict | None:
    """The refusal that holds whatever is asked and whenever, None if there is none."""
    if key.deleted:
        return Verdict.UNKNOWN
    if key.revoked or secret.revoked:
        return Verdict.REVOKED
    if key.disabled or application.disabled or any(owner.disabled for owner in owners):
        return Verdict.DISABLED
    return None

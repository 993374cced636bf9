"""How rows become what answers hold."""

from collections.abc import Iterable, Mapping
from typing import Any

from keyhouse.core.addresses import format_address
from keyhouse.core.audited import told_fields
from keyhouse.core.entities import (
    Access,
    Alert,
    Api,
    Application,
    AuditRow,
    Credit,
    Customer,
    Key,
    KeyNetwork,
    Limit,
    LimitKind,
    Organization,
    Project,
    Resource,
    Route,
    UpstreamHeader,
    Window,
)
from keyhouse.core.usage import LogRow, user_of
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.doors.api.answers import (
    AlertOut,
    ApiOut,
    ApplicationOut,
    AuditOut,
    BalanceOut,
    CreditOut,
    CreditsOut,
    CustomerOut,
    KeyOut,
    LimitLeftOut,
    NetworkOut,
    OrganizationOut,
    ProjectOut,
    QuotaOut,
    RateOut,
    RequestOut,
    RestrictionsOut,
    RouteOut,
    SecretOut,
    UnknownKeysOut,
    UpstreamHeaderOut,
    UsageOut,
)
from keyhouse.doors.api.rotation_shapes import schedule_out
from keyhouse.doors.api.times import format_optional, format_time
from keyhouse.ports import Observed, UsageRow
from keyhouse.services.catalog import ApplicationView
from keyhouse.services.issue import KeyView, SecretView
from keyhouse.services.prepaid import Balance
from keyhouse.services.reports import LimitLeft

_Dated = Organization | Project | Api | Route | Application | Customer | Key


def organization_out(row: Organization) -> OrganizationOut:
    """An organization's row, told."""
    return OrganizationOut(
        id=row.id,
        name=row.name,
        limits=limits_out(row.limits),
        disabled_at=format_optional(row.disabled_at),
        **_times(row),
    )


def project_out(row: Project) -> ProjectOut:
    """A project's row, told."""
    return ProjectOut(
        id=row.id,
        name=row.name,
        disabled_at=format_optional(row.disabled_at),
        **_times(row),
    )


def api_out(row: Api) -> ApiOut:
    """An API's row, told."""
    return ApiOut(
        id=row.id,
        slug=row.slug,
        name=row.name,
        project=row.project_id,
        upstreams=dict(row.upstreams),
        scopes=list(row.scopes),
        roles={name: list(scopes) for name, scopes in row.roles.items()},
        limits=limits_out(row.limits),
        key_header=row.key_header,
        query_parameter=row.query_parameter,
        browser_keys=row.browser_keys.value,
        cors_origins=list(row.cors_origins),
        hosts=list(row.hosts),
        prefix=row.prefix.value,
        identity=row.identity.value,
        token_seconds_max=row.token_seconds_max,
        user_limits=limits_out(row.user_limits),
        disabled_at=format_optional(row.disabled_at),
        **_times(row),
    )


def upstream_header_out(row: UpstreamHeader) -> UpstreamHeaderOut:
    """A header's row without its value, told."""
    return UpstreamHeaderOut(
        name=row.name, set_at=format_time(row.set_at), set_by=row.set_by
    )


def route_out(row: Route) -> RouteOut:
    """A route's row, told."""
    return RouteOut(
        id=row.id,
        api=row.api_id,
        position=row.position,
        method=row.method,
        path=row.path,
        scopes=list(row.scopes),
        cost=row.cost,
        cost_from=row.cost_from.value,
        limits=limits_out(row.limits),
        **_times(row),
    )


def application_out(view: ApplicationView) -> ApplicationOut:
    """An application's view, told."""
    row = view.application
    return ApplicationOut(
        id=row.id,
        name=row.name,
        external_id=row.external_id,
        purpose=row.purpose,
        limits=limits_out(row.limits),
        rotation=schedule_out(row.rotation),
        customer=view.customer_id,
        project=row.project_id,
        disabled_at=format_optional(row.disabled_at),
        **_times(row),
    )


def customer_out(row: Customer) -> CustomerOut:
    """A customer's row, told."""
    return CustomerOut(
        id=row.id,
        external_id=row.external_id,
        name=row.name,
        project=row.project_id,
        limits=limits_out(row.limits),
        metadata=row.metadata,
        prepaid_at=format_optional(row.prepaid_at),
        disabled_at=format_optional(row.disabled_at),
        **_times(row),
    )


def balance_out(row: Balance) -> BalanceOut:
    """A balance, told."""
    return BalanceOut(**row._asdict())


def credit_out(row: Credit) -> CreditOut:
    """An entry of the ledger, told."""
    return CreditOut(
        id=row.id,
        customer=row.customer_id,
        at=format_time(row.at),
        kind=row.kind.value,
        amount=row.amount,
        balance=row.balance,
        note=row.note,
        actor=row.actor,
    )


def key_out(view: KeyView) -> KeyOut:
    """A key's view, told."""
    row = view.key
    places = row.restrictions
    return KeyOut(
        id=row.id,
        name=row.name,
        kind=row.kind.value,
        environment=row.environment.value if row.environment else None,
        project=row.project_id,
        application=row.application_id,
        access=[_access_out(one, view.slugs) for one in view.access],
        restrictions=RestrictionsOut(
            networks_allowed=list(places.networks_allowed),
            networks_denied=list(places.networks_denied),
            referrers=list(places.referrers),
            endpoints=list(places.endpoints),
            apps=list(places.apps),
        ),
        limits=limits_out(row.limits),
        starts_at=format_optional(row.starts_at),
        ends_at=format_optional(row.ends_at),
        state=view.state.value,
        hint=view.hint,
        last_used_at=format_optional(view.last_used_at),
        metadata=row.metadata,
        rotation=schedule_out(row.rotation),
        rotation_due_at=format_optional(view.due_at),
        owner=row.owner_id or None,
        purpose=row.purpose,
        tags=list(row.tags),
        restorable_until=format_optional(view.restorable_until),
        import_id=row.import_id,
        created_by=row.created_by,
        **_times(row),
    )


def secret_out(view: SecretView) -> SecretOut:
    """A secret without its string and digest, told."""
    row = view.secret
    return SecretOut(
        id=row.id,
        version=row.version,
        hint=row.hint,
        starts_at=format_time(row.starts_at),
        ends_at=format_optional(row.ends_at),
        revoked_at=format_optional(row.revoked_at),
        replaced_at=format_optional(row.replaced_at),
        waits_for=row.waits_for,
        overlap_seconds=row.overlap_seconds,
        state=view.state.value,
        last_used_at=format_optional(view.last_used_at),
        imported=bool(row.namespace),
        created_by=row.created_by,
        created_at=format_time(row.created_at),
    )


def limit_left_out(row: LimitLeft) -> LimitLeftOut:
    """A limit and what is left of it, told."""
    return LimitLeftOut(
        subject=row.subject.value,
        api=row.api_slug,
        route=row.route,
        limit=_limit_or_credits_out(row.limit),
        used=row.used,
        left=row.left,
        resets_at=format_optional(row.resets_at),
    )


def usage_out(row: UsageRow) -> UsageOut:
    """A row of usage, told."""
    return UsageOut(
        start=format_time(row.start_us),
        verdict=row.verdict,
        requests=row.requests,
        units=row.units,
        errors=row.errors,
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        latency=list(row.latency),
        **row.group,
    )


def unknown_keys_out(row: Observed) -> UnknownKeysOut:
    """What one network tried, told."""
    return UnknownKeysOut(
        api=row.api_id,
        network=row.value,
        verdict=row.verdict,
        requests=row.requests,
        first_seen=format_time(row.first_us),
        last_seen=format_time(row.last_us),
    )


def request_out(row: LogRow) -> RequestOut:
    """A line of the request log, told; what is not known is null."""
    use, token = row.use, user_of(row.use)
    return RequestOut(
        request_id=row.request_id,
        at=format_time(row.at_us),
        key=use.key_id or None,
        api=use.api_id or None,
        application=use.application_id or None,
        environment=use.environment or None,
        user=token and token.subject,
        session=token and (token.session or None),
        token=token and token.id,
        method=row.method,
        path=row.path,
        address=format_address(row.address),
        status=row.status,
        verdict=BY_NUMBER[row.verdict].code,
        latency_ms=None if row.latency_us is None else row.latency_us / 1000,
    )


def network_out(row: KeyNetwork) -> NetworkOut:
    """A network that a key is used from, told."""
    return NetworkOut(
        network=row.network,
        first_at=format_time(row.first_at),
        last_at=format_time(row.last_at),
    )


def alert_out(row: Alert) -> AlertOut:
    """An alert, told."""
    return AlertOut(
        id=row.id,
        key=row.key_id,
        kind=row.kind.value,
        first_at=format_time(row.first_at),
        last_at=format_time(row.last_at),
        count=row.count,
        sample=row.sample,
    )


def audit_out(row: AuditRow) -> AuditOut:
    """An audit row, told."""
    return AuditOut(
        id=row.id,
        at=format_time(row.at),
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        before=told_fields(row.before),
        after=told_fields(row.after),
        address=row.address,
        request_id=row.request_id,
    )


def limits_out(limits: Iterable[Limit]) -> list[RateOut | QuotaOut]:
    """Limits in the form in which they are given."""
    return [_limit_out(limit) for limit in limits]


def _limit_or_credits_out(limit: Limit) -> RateOut | QuotaOut | CreditsOut:
    if limit.kind is LimitKind.QUOTA and limit.window is None:
        return CreditsOut(name=limit.name, credits=limit.amount)
    return _limit_out(limit)


def _limit_out(limit: Limit) -> RateOut | QuotaOut:
    if limit.kind is LimitKind.RATE:
        return RateOut(
            name=limit.name,
            rate=limit.amount,
            period_seconds=limit.period_seconds or 1,
            burst=limit.burst,
        )
    return QuotaOut(
        name=limit.name,
        quota=limit.amount,
        window=(limit.window or Window.DAY).value,
        zone=limit.zone,
        offset_seconds=limit.offset_seconds,
    )


def _access_out(row: Access, slugs: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {row.resource.value: row.resource_id}
    if row.resource is Resource.API:
        told["slug"] = slugs.get(row.resource_id)
    return {**told, "scopes": list(row.scopes), "roles": list(row.roles)}


def _times(row: _Dated) -> dict[str, str]:
    return {
        "created_at": format_time(row.created_at),
        "updated_at": format_time(row.updated_at),
    }

"""From the models of requests to what services take: names and shapes, no rules."""

from collections.abc import Sequence

from keyhouse.core.entities import (
    BrowserKeys,
    CostFrom,
    Environment,
    Identity,
    KeyKind,
    Limit,
    LimitKind,
    Prefix,
    Resource,
    Restrictions,
    Window,
)
from keyhouse.core.user_tokens import SECONDS_USUAL
from keyhouse.doors.api import models
from keyhouse.doors.api.rotation_shapes import schedule
from keyhouse.services.catalog import (
    ApiFields,
    ApplicationChanges,
    CustomerFields,
    RouteFields,
)
from keyhouse.services.issue import AccessWish, ApplicationWish, KeyChanges, KeyWish
from keyhouse.services.tenants import OrganizationChanges, ProjectChanges

_KEY_HEADER = "X-API-Key"


def organization_changes(body: models.OrganizationChange) -> OrganizationChanges:
    """What a request changes of an organization."""
    given: OrganizationChanges = {}
    if "name" in body.model_fields_set:
        given["name"] = body.name
    if "limits" in body.model_fields_set:
        given["limits"] = limits(body.limits)
    return given


def project_changes(body: models.ProjectChange) -> ProjectChanges:
    """What a request changes of a project."""
    given: ProjectChanges = {}
    if "name" in body.model_fields_set:
        given["name"] = body.name
    if "disabled" in body.model_fields_set:
        given["disabled"] = body.disabled
    return given


def api_fields(body: models.ApiChange) -> ApiFields:
    """What a request says of an API; null clears what can be cleared."""
    came = body.model_fields_set
    given: ApiFields = {}
    if "name" in came:
        given["name"] = body.name
    if "upstreams" in came:
        given["upstreams"] = body.upstreams or {}
    if "scopes" in came:
        given["scopes"] = tuple(body.scopes or ())
    if "roles" in came:
        roles = body.roles or {}
        given["roles"] = {name: tuple(scopes) for name, scopes in roles.items()}
    if "limits" in came:
        given["limits"] = limits(body.limits)
    if "disabled" in came:
        given["disabled"] = body.disabled
    _how_calls_come(body, given)
    _how_upstreams_hear(body, given)
    _what_users_get(body, given)
    return given


def _how_calls_come(body: models.ApiChange, given: ApiFields) -> None:
    """Where an API's keys stand, and what it does with browsers."""
    came = body.model_fields_set
    if "key_header" in came:
        given["key_header"] = _KEY_HEADER if body.key_header is None else body.key_header
    if "query_parameter" in came:
        given["query_parameter"] = body.query_parameter
    if "browser_keys" in came:
        given["browser_keys"] = BrowserKeys(body.browser_keys or BrowserKeys.REFUSE)
    if "cors_origins" in came:
        given["cors_origins"] = tuple(body.cors_origins or ())


def _how_upstreams_hear(body: models.ApiChange, given: ApiFields) -> None:
    """By which names an API is called, and what its upstream is told."""
    came = body.model_fields_set
    if "hosts" in came:
        given["hosts"] = tuple(body.hosts or ())
    if "prefix" in came:
        given["prefix"] = Prefix(body.prefix or Prefix.STRIP)
    if "identity" in came:
        given["identity"] = Identity(body.identity or Identity.HEADERS)


def _what_users_get(body: models.ApiChange, given: ApiFields) -> None:
    """How long tokens of users last, and what each user meets."""
    came = body.model_fields_set
    if "token_seconds_max" in came:
        seconds = body.token_seconds_max
        given["token_seconds_max"] = SECONDS_USUAL if seconds is None else seconds
    if "user_limits" in came:
        given["user_limits"] = limits(body.user_limits)


def route_fields(body: models.RouteChange) -> RouteFields:
    """What a request says of a route."""
    came = body.model_fields_set
    given: RouteFields = {}
    if "method" in came:
        given["method"] = body.method
    if "path" in came:
        given["path"] = body.path
    if "position" in came:
        given["position"] = body.position
    if "scopes" in came:
        given["scopes"] = tuple(body.scopes or ())
    if "cost" in came:
        given["cost"] = body.cost
    if "cost_from" in came:
        given["cost_from"] = CostFrom(body.cost_from or CostFrom.ROUTE)
    if "limits" in came:
        given["limits"] = limits(body.limits)
    return given


def application_changes(body: models.ApplicationChange) -> ApplicationChanges:
    """What a request changes of an application."""
    came = body.model_fields_set
    given: ApplicationChanges = {}
    if "name" in came:
        given["name"] = body.name
    if "external_id" in came:
        given["external_id"] = body.external_id
    if "purpose" in came:
        given["purpose"] = body.purpose or ""
    if "limits" in came:
        given["limits"] = limits(body.limits)
    if "rotation" in came:
        given["rotation"] = schedule(body.rotation)
    if "customer" in came:
        given["customer"] = body.customer
    if "disabled" in came:
        given["disabled"] = body.disabled
    return given


def customer_fields(body: models.CustomerChange) -> CustomerFields:
    """What a request says of a customer; null clears what can be cleared."""
    came = body.model_fields_set
    given: CustomerFields = {}
    if "external_id" in came:
        given["external_id"] = body.external_id
    if "name" in came:
        given["name"] = body.name
    if "limits" in came:
        given["limits"] = limits(body.limits)
    if "metadata" in came:
        given["metadata"] = body.metadata or {}
    if "prepaid" in came:
        given["prepaid"] = body.prepaid
    if "disabled" in came:
        given["disabled"] = body.disabled
    return given


def key_wish(body: models.KeyBody) -> KeyWish:
    """The key that a request asks for."""
    named = body.application
    if isinstance(named, models.ApplicationNamed):
        application: str | ApplicationWish | None = ApplicationWish(
            named.name, named.external_id
        )
    else:
        application = named
    return KeyWish(
        name=body.name,
        access=access(body.access),
        kind=KeyKind(body.kind),
        environment=Environment(body.environment) if body.environment else None,
        project=body.project,
        application=application,
        restrictions=restrictions(body.restrictions),
        limits=limits(body.limits),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        metadata=body.metadata,
        rotation=schedule(body.rotation),
        owner=body.owner,
        purpose=body.purpose,
        tags=tuple(body.tags or ()),
    )


def key_changes(body: models.KeyChange) -> KeyChanges:
    """What a request changes of a key; null clears what can be cleared."""
    came = body.model_fields_set
    given: KeyChanges = {}
    if "name" in came:
        given["name"] = body.name
    if "access" in came:
        given["access"] = access(body.access or ())
    if "restrictions" in came:
        given["restrictions"] = restrictions(body.restrictions)
    if "limits" in came:
        given["limits"] = limits(body.limits)
    if "starts_at" in came:
        given["starts_at"] = body.starts_at
    if "ends_at" in came:
        given["ends_at"] = body.ends_at
    if "metadata" in came:
        given["metadata"] = body.metadata or {}
    if "rotation" in came:
        given["rotation"] = schedule(body.rotation)
    _what_it_is_for(body, given)
    return given


def _what_it_is_for(body: models.KeyChange, given: KeyChanges) -> None:
    """What people know of a key beside its name."""
    came = body.model_fields_set
    if "owner" in came:
        given["owner"] = body.owner
    if "purpose" in came:
        given["purpose"] = body.purpose or ""
    if "tags" in came:
        given["tags"] = tuple(body.tags or ())


def access(bodies: Sequence[models.AccessBody]) -> tuple[AccessWish, ...]:
    """What a key shall open."""
    return tuple(_opening(body) for body in bodies)


def _opening(body: models.AccessBody) -> AccessWish:
    held = tuple(body.scopes), tuple(body.roles)
    if body.organization is not None:
        return AccessWish(Resource.ORGANIZATION, body.organization, *held)
    if body.project is not None:
        return AccessWish(Resource.PROJECT, body.project, *held)
    return AccessWish(Resource.API, body.api or "", *held)


def restrictions(body: models.RestrictionsBody | None) -> Restrictions:
    """Where a key may be used."""
    if body is None:
        return Restrictions()
    return Restrictions(
        networks_allowed=tuple(body.networks_allowed),
        networks_denied=tuple(body.networks_denied),
        referrers=tuple(body.referrers),
        endpoints=tuple(body.endpoints),
        apps=tuple(body.apps),
    )


def limits(bodies: Sequence[models.LimitBody] | None) -> tuple[Limit, ...]:
    """Limits as rows hold them."""
    return tuple(_limit(body) for body in bodies or ())


def _limit(body: models.LimitBody) -> Limit:
    rate = body.rate is not None
    return Limit(
        name=body.name,
        kind=LimitKind.RATE if rate else LimitKind.QUOTA,
        amount=(body.rate if rate else body.quota) or 0,
        period_seconds=body.period_seconds,
        burst=body.burst,
        window=Window(body.window) if body.window else None,
        zone="UTC" if body.zone is None else body.zone,
        offset_seconds=body.offset_seconds or 0,
    )

"""What answers hold, as the OpenAPI document tells it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from keyhouse.doors.api.rotation_models import ScheduleOut
from keyhouse.doors.api.times import ToldTime

_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T09:30:00Z"
_TIMES: dict[str, JsonValue] = {"created_at": _AT, "updated_at": _AT}
_LIMIT: dict[str, JsonValue] = {
    "name": "per-minute",
    "rate": 60,
    "period_seconds": 60,
    "burst": None,
}


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class RateOut(BaseModel):
    """A rate limit."""

    name: str
    rate: int
    period_seconds: int
    burst: int | None


class QuotaOut(BaseModel):
    """A quota."""

    name: str
    quota: int
    window: Literal["hour", "day", "week", "month"]
    zone: str
    offset_seconds: int


class CreditsOut(BaseModel):
    """The credits of a prepaid customer: all that were ever added."""

    name: str
    credits: int


class OrganizationOut(BaseModel):
    """An organization."""

    id: str
    name: str
    limits: list[RateOut | QuotaOut]
    disabled_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"org_{_BODY}", name="Acme", limits=[_LIMIT], disabled_at=None, **_TIMES
    )


class ProjectOut(BaseModel):
    """A project."""

    id: str
    name: str
    disabled_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(id=f"prj_{_BODY}", name="Weather", disabled_at=None, **_TIMES)


class ApiOut(BaseModel):
    """An API."""

    id: str
    slug: str
    name: str
    project: str
    upstreams: dict[str, str]
    scopes: list[str]
    roles: dict[str, list[str]]
    limits: list[RateOut | QuotaOut]
    key_header: str
    query_parameter: str | None
    browser_keys: Literal["refuse", "flag"]
    cors_origins: list[str]
    hosts: list[str]
    prefix: str
    identity: str
    token_seconds_max: int
    user_limits: list[RateOut | QuotaOut]
    disabled_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"api_{_BODY}",
        slug="weather",
        name="weather",
        project=f"prj_{_BODY}",
        upstreams={"test": "http://127.0.0.1:3000"},
        scopes=["forecast:read"],
        roles={"reader": ["*:read"]},
        limits=[_LIMIT],
        key_header="X-API-Key",
        query_parameter=None,
        browser_keys="refuse",
        cors_origins=["https://*.example.com"],
        hosts=["weather.example.com", "api.example.com/weather"],
        prefix="strip",
        identity="headers",
        token_seconds_max=3600,
        user_limits=[],
        disabled_at=None,
        **_TIMES,
    )


class UpstreamHeaderOut(BaseModel):
    """A header that the gateway adds toward an upstream: all but its value."""

    name: str
    set_at: ToldTime
    set_by: str
    model_config = _example(name="Authorization", set_at=_AT, set_by=f"key_{_BODY}")


class RouteOut(BaseModel):
    """A route."""

    id: str
    api: str
    position: int
    method: str
    path: str
    scopes: list[str]
    cost: int
    cost_from: Literal["route", "upstream"]
    limits: list[RateOut | QuotaOut]
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"rte_{_BODY}",
        api=f"api_{_BODY}",
        position=10,
        method="GET",
        path="/v1/forecast/**",
        scopes=["forecast:read"],
        cost=1,
        cost_from="route",
        limits=[],
        **_TIMES,
    )


class ApplicationOut(BaseModel):
    """An application."""

    id: str
    name: str
    external_id: str | None
    purpose: str
    limits: list[RateOut | QuotaOut]
    rotation: ScheduleOut | None
    customer: str | None
    project: str
    disabled_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"app_{_BODY}",
        name="Route planner",
        external_id="crm-4711",
        purpose="",
        limits=[_LIMIT],
        rotation=None,
        customer=f"cus_{_BODY}",
        project=f"prj_{_BODY}",
        disabled_at=None,
        **_TIMES,
    )


class CustomerOut(BaseModel):
    """A customer."""

    id: str
    external_id: str
    name: str
    project: str
    limits: list[RateOut | QuotaOut]
    metadata: dict[str, Any]
    prepaid_at: ToldTime | None
    disabled_at: ToldTime | None
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"cus_{_BODY}",
        external_id="crm-4711",
        name="Globex",
        project=f"prj_{_BODY}",
        limits=[_LIMIT],
        metadata={"tier": "gold"},
        prepaid_at=None,
        disabled_at=None,
        **_TIMES,
    )


class BalanceOut(BaseModel):
    """What a customer has: `left` is `added` less `spent`.

    `reserved` of it is held by gateways, which may be spending it.
    """

    prepaid: bool
    added: int
    spent: int
    reserved: int
    left: int
    model_config = _example(prepaid=True, added=1000, spent=120, reserved=16, left=880)


class CreditOut(BaseModel):
    """An entry of a customer's ledger of credits.

    `balance` is what was left after it, as far as calls were booked by then.
    """

    id: str
    customer: str
    at: ToldTime
    kind: Literal["purchase", "grant", "adjustment", "refund"]
    amount: int
    balance: int
    note: str
    actor: str
    model_config = _example(
        id=f"crd_{_BODY}",
        customer=f"cus_{_BODY}",
        at=_AT,
        kind="purchase",
        amount=1000,
        balance=1000,
        note="invoice 2026-17",
        actor=f"key_{_BODY}",
    )


class RestrictionsOut(BaseModel):
    """Where a key may be used; an empty list restricts nothing."""

    networks_allowed: list[str]
    networks_denied: list[str]
    referrers: list[str]
    endpoints: list[str]
    apps: list[str]


class KeyOut(BaseModel):
    """A key."""

    id: str
    name: str
    kind: Literal["server", "publishable", "management"]
    environment: Literal["live", "test"] | None
    project: str
    application: str
    access: list[dict[str, Any]]
    restrictions: RestrictionsOut
    limits: list[RateOut | QuotaOut]
    starts_at: ToldTime | None
    ends_at: ToldTime | None
    state: Literal["active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"]
    hint: str
    last_used_at: ToldTime | None
    metadata: dict[str, Any]
    rotation: ScheduleOut | None
    rotation_due_at: ToldTime | None
    owner: str | None
    purpose: str
    tags: list[str]
    restorable_until: ToldTime | None
    import_id: str | None
    created_by: str
    created_at: ToldTime
    updated_at: ToldTime


_KEY: dict[str, Any] = {
    "id": f"key_{_BODY}",
    "name": "Route planner",
    "kind": "server",
    "environment": "test",
    "project": f"prj_{_BODY}",
    "application": f"app_{_BODY}",
    "access": [
        {
            "api": f"api_{_BODY}",
            "slug": "weather",
            "scopes": ["forecast:read"],
            "roles": ["reader"],
        }
    ],
    "restrictions": {
        "networks_allowed": [],
        "networks_denied": [],
        "referrers": [],
        "endpoints": [],
        "apps": [],
    },
    "limits": [],
    "starts_at": None,
    "ends_at": None,
    "state": "active",
    "hint": "kh_sk_test_…k9Qa",
    "last_used_at": None,
    "metadata": {},
    "rotation": None,
    "rotation_due_at": None,
    "owner": f"usr_{_BODY}",
    "purpose": "Plans the tours of the delivery vans",
    "tags": ["team:routing"],
    "restorable_until": None,
    "import_id": None,
    "created_by": f"key_{_BODY}",
    **_TIMES,
}
KeyOut.model_config["json_schema_extra"] = {"examples": [_KEY]}


class KeyCreatedOut(KeyOut):
    """A new key with its secret, which no other answer holds.

    In the replay of an earlier answer `secret` is null.
    """

    secret: str | None
    secret_already_shown: bool
    model_config = _example(
        **_KEY,
        # Never minted: the published vector of the checksum.
        secret="kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17",  # noqa: S106  (an example)
        secret_already_shown=False,
    )


class KeysCreatedOut(BaseModel):
    """New keys with their secrets, in the order of the wishes."""

    data: list[KeyCreatedOut]
    model_config = _example(
        data=[
            {
                **_KEY,
                # Never minted: the published vector of the checksum.
                "secret": "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17",
                "secret_already_shown": False,
            }
        ]
    )


class RevokedOut(BaseModel):
    """How many keys there were, and how many of them were revoked by this call.

    In a dry run, how many would be.
    """

    matched: int
    revoked: int
    dry_run: bool
    model_config = _example(matched=12, revoked=11, dry_run=False)


class SecretDoneOut(BaseModel):
    """The same for any text: if it was a secret here, it is refused from now on."""

    done: bool
    model_config = _example(done=True)


class SecretOut(BaseModel):
    """What is known of a secret: all but the string."""

    id: str
    version: int
    hint: str
    starts_at: ToldTime
    ends_at: ToldTime | None
    revoked_at: ToldTime | None
    replaced_at: ToldTime | None
    waits_for: int | None
    overlap_seconds: int | None
    state: Literal["active", "ending", "ended", "revoked", "not_yet_valid"]
    last_used_at: ToldTime | None
    imported: bool
    created_by: str
    created_at: ToldTime
    model_config = _example(
        id=f"sec_{_BODY}",
        version=1,
        hint="kh_sk_test_…k9Qa",
        starts_at=_AT,
        ends_at=None,
        revoked_at=None,
        replaced_at=None,
        waits_for=None,
        overlap_seconds=None,
        state="active",
        last_used_at=None,
        imported=False,
        created_by=f"key_{_BODY}",
        created_at=_AT,
    )


class LimitLeftOut(BaseModel):
    """A limit that counts for a key, and whose it is.

    `api` is null where it counts over all APIs, `route` is a route's method and
    path. Rates are counted where requests arrive, so `used` and what follows is
    null. Credits of a prepaid customer never start anew: their `resets_at` is null.
    """

    subject: Literal[
        "key",
        "api",
        "route",
        "application",
        "subscription",
        "subscription_route",
        "customer",
        "organization",
        "user",
    ]
    api: str | None
    route: str | None
    limit: RateOut | QuotaOut | CreditsOut
    used: int | None
    left: int | None
    resets_at: ToldTime | None
    model_config = _example(
        subject="api",
        api="weather",
        route=None,
        limit={
            "name": "daily",
            "quota": 1000,
            "window": "day",
            "zone": "UTC",
            "offset_seconds": 0,
        },
        used=120,
        left=880,
        resets_at="2026-03-02T00:00:00Z",
    )


class UsageOut(BaseModel):
    """Sums of one step of time; what was grouped by is there, the rest is not."""

    start: ToldTime
    key: str | None = None
    api: str | None = None
    application: str | None = None
    environment: str | None = None
    route: str | None = None
    verdict: str
    requests: int
    units: int
    errors: int
    bytes_in: int
    bytes_out: int
    latency: list[int]
    model_config = _example(
        start="2026-03-01T09:00:00Z",
        key=f"key_{_BODY}",
        verdict="valid",
        requests=120,
        units=120,
        errors=0,
        bytes_in=0,
        bytes_out=48_000,
        latency=[0, 0, 0, 100, 20, *[0] * 15],
    )


class UnknownKeysOut(BaseModel):
    """What one network tried at one API. Its `verdict` is `unknown`, `malformed` (the

    checksum is wrong), or `unavailable` (not looked up). `network` is `other` for all
    that are not named, `unknown` for callers without an address.
    """

    api: str
    network: str
    verdict: str
    requests: int
    first_seen: ToldTime
    last_seen: ToldTime
    model_config = _example(
        api=f"api_{_BODY}",
        network="203.0.113.0/24",
        verdict="unknown",
        requests=412,
        first_seen="2026-03-01T02:14:09Z",
        last_seen="2026-03-01T02:31:40Z",
    )


class RequestOut(BaseModel):
    """One line of the request log. `user`, `session` and `token`, an id, are of a

    user's token; null where the request came without one.
    """

    request_id: str
    at: ToldTime
    key: str | None
    api: str | None
    application: str | None
    environment: str | None
    user: str | None
    session: str | None
    token: str | None
    method: str
    path: str
    address: str
    status: int | None
    verdict: str
    latency_ms: float | None
    model_config = _example(
        request_id=f"req_{_BODY}",
        at=_AT,
        key=f"key_{_BODY}",
        api=f"api_{_BODY}",
        application=f"app_{_BODY}",
        environment="test",
        user=None,
        session=None,
        token=None,
        method="GET",
        path="/v1/forecast/berlin",
        address="203.0.113.7",
        status=200,
        verdict="valid",
        latency_ms=3.2,
    )


class NetworkOut(BaseModel):
    """A network, /24 or /48, that calls with a key were let through from."""

    network: str
    first_at: ToldTime
    last_at: ToldTime
    model_config = _example(network="203.0.113.0/24", first_at=_AT, last_at=_AT)


class AlertOut(BaseModel):
    """What calls for a person, one a key, kind and day (UTC): a good secret seen where

    it must not be, or a key that is used far more than usual, or from elsewhere.
    """

    id: str
    key: str
    kind: Literal[
        "server_key_in_browser",
        "secret_over_plain_http",
        "usage_spike",
        "unfamiliar_network",
    ]
    first_at: ToldTime
    last_at: ToldTime
    count: int
    sample: str
    model_config = _example(
        id=f"evt_{_BODY}",
        key=f"key_{_BODY}",
        kind="server_key_in_browser",
        first_at=_AT,
        last_at=_AT,
        count=3,
        sample="https://shop.example",
    )


class AuditOut(BaseModel):
    """Who did what; `before` and `after` hold the fields that changed."""

    id: str
    at: ToldTime
    actor: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    address: str
    request_id: str
    model_config = _example(
        id=f"aud_{_BODY}",
        at=_AT,
        actor=f"key_{_BODY}",
        action="key.revoke",
        subject=f"key_{_BODY}",
        before={"revoked_at": None},
        after={"revoked_at": _AT},
        address="203.0.113.7",
        request_id=f"req_{_BODY}",
    )

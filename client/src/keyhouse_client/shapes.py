"""What the management API takes and gives: an object each, by the fields it has.

Written by `make client-shapes` from the API's OpenAPI document; not by hand.
"""

from typing import Any, Literal, NotRequired, TypedDict


class AccessBody(TypedDict):
    """What a key opens: an API, by id or slug, and the scopes and roles for it.

    A management key may instead name a project or the organization.
    """

    api: NotRequired[str | None]
    project: NotRequired[str | None]
    organization: NotRequired[str | None]
    scopes: NotRequired[list[str]]
    roles: NotRequired[list[str]]


class Alert(TypedDict):
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
    first_at: str
    last_at: str
    count: int
    sample: str


class Quota(TypedDict):
    """A quota."""

    name: str
    quota: int
    window: Literal["hour", "day", "week", "month"]
    zone: str
    offset_seconds: int


class Rate(TypedDict):
    """A rate limit."""

    name: str
    rate: int
    period_seconds: int
    burst: int | None


class ApplicationNamed(TypedDict):
    """An application that is found by its external id (or name), or made."""

    name: str
    external_id: NotRequired[str | None]


class Schedule(TypedDict):
    """How often a key is to get a new secret."""

    every_days: int
    overlap_seconds: int | None


class MissingValue(TypedDict):
    """A header for an upstream that has no value here yet."""

    api: str
    header: str


class NewSecret(TypedDict):
    """A key that was made and its secret, or a webhook and what signs its events."""

    kind: Literal["key", "webhook"]
    id: str
    name: str
    secret: str


class Problem(TypedDict):
    """Why a part of a long plan was not done."""

    field: str
    reason: str
    mend: str


class Asked(TypedDict):
    """The request as far as it is told; null is not told."""

    address: str | None
    method: str | None
    path: str | None
    referrer: str | None
    origin: str | None
    app: str | None
    tls: bool
    environment: str | None
    scopes: list[str]
    cost: int | None


class Audit(TypedDict):
    """Who did what; `before` and `after` hold the fields that changed."""

    id: str
    at: str
    actor: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    address: str
    request_id: str


class Balance(TypedDict):
    """What a customer has: `left` is `added` less `spent`.

    `reserved` of it is held by gateways, which may be spending it.
    """

    prepaid: bool
    added: int
    spent: int
    reserved: int
    left: int


class CalendarCreated(TypedDict):
    """A new calendar. `secret` is its address, which no other answer holds."""

    id: str
    name: str
    created_by: str
    created_at: str
    secret: str | None
    secret_already_shown: bool


class Calendar(TypedDict):
    """A calendar of what is due; its address is not told again."""

    id: str
    name: str
    created_by: str
    created_at: str


class Caller(TypedDict):
    """An address, or a method and path, in the newest lines of the request log."""

    what: str
    requests: int
    last_at: str


class Waited(TypedDict):
    """A gateway or guard that may still answer from before the change."""

    id: str
    kind: str
    applied_seq: int
    confirmed_at: str
    stale_until: str


class Check(TypedDict):
    """One check of the walk. `mend` and `place` say what to change, and where.

    `found` is a sentence for the key's owner, `facts` what stands in it.
    """

    check: str
    outcome: Literal["passed", "refused", "cannot_tell", "not_looked_at"]
    verdict: str | None
    found: str
    facts: dict[str, Any]
    mend: str | None
    place: str | None


class JsonValue(TypedDict):
    pass


class Credit(TypedDict):
    """An entry of a customer's ledger of credits.

    `balance` is what was left after it, as far as calls were booked by then.
    """

    id: str
    customer: str
    at: str
    kind: Literal["purchase", "grant", "adjustment", "refund"]
    amount: int
    balance: int
    note: str
    actor: str


class Credits(TypedDict):
    """The credits of a prepaid customer: all that were ever added."""

    name: str
    credits: int


class Declaration(TypedDict):
    """What there is, in the form in which it is applied; no secret is in it."""

    keyhouse: int
    project: NotRequired[str | None]
    projects: NotRequired[list[dict[str, Any]] | None]
    apis: NotRequired[list[dict[str, Any]] | None]
    plans: NotRequired[list[dict[str, Any]] | None]
    customers: NotRequired[list[dict[str, Any]] | None]
    applications: NotRequired[list[dict[str, Any]] | None]
    subscriptions: NotRequired[list[dict[str, Any]] | None]
    keys: NotRequired[list[dict[str, Any]] | None]
    webhooks: NotRequired[list[dict[str, Any]] | None]


class Delivery(TypedDict):
    """An event on its way to an endpoint; `event` is its `webhook-id` there.

    `status`, `error` and `answer` (its first bytes) are of the last attempt.
    """

    id: str
    webhook: str
    event: str
    type: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_at: str | None
    last_at: str | None
    status: int | None
    error: str
    answer: str
    created_at: str


class Due(TypedDict):
    """What is due of a key: a new secret, or its end."""

    key: str
    name: str
    hint: str
    kind: Literal["rotation", "expiry"]
    due_at: str
    overdue: bool


class Logged(TypedDict):
    """What the request in the log came to then."""

    request_id: str
    at: str
    verdict: str


class TokenTold(TypedDict):
    """A user's token as far as it is told; null is not told."""

    sub: str
    sid: str | None
    jti: str | None
    aud: str | None
    issued_at: str | None
    ends_at: str | None
    scopes: list[str] | None


class ImportAccessBody(TypedDict):
    """What keys open whose row says nothing else: an API, by id or slug."""

    api: str
    scopes: NotRequired[list[str]]
    roles: NotRequired[list[str]]


class ImportProblem(TypedDict):
    """What is wrong with a line. `skipped`: it became no key, else one without that."""

    line: int
    field: str
    reason: str
    mend: str
    skipped: bool


class Invitation(TypedDict):
    """An invitation. Its link is in the mail alone."""

    id: str
    email: str
    role: Literal["owner", "admin", "developer", "viewer"]
    state: Literal["open", "accepted", "withdrawn", "expired"]
    invited_by: str
    created_at: str
    ends_at: str
    accepted_at: str | None
    withdrawn_at: str | None


class Restrictions(TypedDict):
    """Where a key may be used; an empty list restricts nothing."""

    networks_allowed: list[str]
    networks_denied: list[str]
    referrers: list[str]
    endpoints: list[str]
    apps: list[str]


class LimitBody(TypedDict):
    """A rate (`rate`, `period_seconds`, `burst`) or a quota (`quota`, `window` …)."""

    name: str
    rate: NotRequired[int | None]
    period_seconds: NotRequired[int | None]
    burst: NotRequired[int | None]
    quota: NotRequired[int | None]
    window: NotRequired[Literal["hour", "day", "week", "month"] | None]
    zone: NotRequired[str | None]
    offset_seconds: NotRequired[int | None]


class Member(TypedDict):
    """A member; `id` is the person's."""

    id: str
    email: str
    name: str
    role: Literal["owner", "admin", "developer", "viewer"]
    created_at: str
    updated_at: str


class Network(TypedDict):
    """A network, /24 or /48, that calls with a key were let through from."""

    network: str
    first_at: str
    last_at: str


class OverrideBody(TypedDict):
    """A limit of one subscriber, in place of the plan's of that name or beside it."""

    name: str
    rate: NotRequired[int | None]
    period_seconds: NotRequired[int | None]
    burst: NotRequired[int | None]
    quota: NotRequired[int | None]
    window: NotRequired[Literal["hour", "day", "week", "month"] | None]
    zone: NotRequired[str | None]
    offset_seconds: NotRequired[int | None]
    per: NotRequired[Literal["subscription", "key"]]
    ends_at: NotRequired[str | None]


class PlanQuota(TypedDict):
    """A quota of a plan."""

    name: str
    quota: int
    window: Literal["hour", "day", "week", "month"]
    zone: str
    offset_seconds: int
    per: Literal["subscription", "key"]


class PlanRate(TypedDict):
    """A rate limit of a plan."""

    name: str
    rate: int
    period_seconds: int
    burst: int | None
    per: Literal["subscription", "key"]


class PlanAccessBody(TypedDict):
    """An API that a plan opens, by id or slug, and the most that keys may do there."""

    api: str
    scopes: NotRequired[list[str]]
    roles: NotRequired[list[str]]


class PlanAccess(TypedDict):
    """An API that a plan opens."""

    api: str
    slug: str | None
    scopes: list[str]
    roles: list[str]


class PlanLimitBody(TypedDict):
    """A rate or a quota of a plan."""

    name: str
    rate: NotRequired[int | None]
    period_seconds: NotRequired[int | None]
    burst: NotRequired[int | None]
    quota: NotRequired[int | None]
    window: NotRequired[Literal["hour", "day", "week", "month"] | None]
    zone: NotRequired[str | None]
    offset_seconds: NotRequired[int | None]
    per: NotRequired[Literal["subscription", "key"]]


class Project(TypedDict):
    """A project."""

    id: str
    name: str
    disabled_at: str | None
    created_at: str
    updated_at: str


class Request(TypedDict):
    """One line of the request log. `user`, `session` and `token`, an id, are of a

    user's token; null where the request came without one.
    """

    request_id: str
    at: str
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


class RestrictionsBody(TypedDict):
    """Where a key may be used; what is left out is not restricted."""

    networks_allowed: NotRequired[list[str]]
    networks_denied: NotRequired[list[str]]
    referrers: NotRequired[list[str]]
    endpoints: NotRequired[list[str]]
    apps: NotRequired[list[str]]


class Revoked(TypedDict):
    """How many keys there were, and how many of them were revoked by this call.

    In a dry run, how many would be.
    """

    matched: int
    revoked: int
    dry_run: bool


class ScheduleBody(TypedDict):
    """How often a key is to get a new secret."""

    every_days: int
    overlap_seconds: NotRequired[int | None]


class SecretDone(TypedDict):
    """The same for any text: if it was a secret here, it is refused from now on."""

    done: bool


class Secret(TypedDict):
    """What is known of a secret: all but the string."""

    id: str
    version: int
    hint: str
    starts_at: str
    ends_at: str | None
    revoked_at: str | None
    replaced_at: str | None
    waits_for: int | None
    overlap_seconds: int | None
    state: Literal["active", "ending", "ended", "revoked", "not_yet_valid"]
    last_used_at: str | None
    imported: bool
    created_by: str
    created_at: str


class TokensRevoked(TypedDict):
    """What is refused from now on: tokens of the application that bear `value` and

    were issued before `before`.
    """

    application: str
    kind: Literal["token", "session", "user", "key", "application"]
    value: str
    before: str


class UnknownKeys(TypedDict):
    """What one network tried at one API. Its `verdict` is `unknown`, `malformed` (the

    checksum is wrong), or `unavailable` (not looked up). `network` is `other` for
    all that are not named, `unknown` for callers without an address.
    """

    api: str
    network: str
    verdict: str
    requests: int
    first_seen: str
    last_seen: str


class UpstreamHeader(TypedDict):
    """A header that the gateway adds toward an upstream: all but its value."""

    name: str
    set_at: str
    set_by: str


class Usage(TypedDict):
    """Sums of one step of time; what was grouped by is there, the rest is not."""

    start: str
    key: NotRequired[str | None]
    api: NotRequired[str | None]
    application: NotRequired[str | None]
    environment: NotRequired[str | None]
    route: NotRequired[str | None]
    verdict: str
    requests: int
    units: int
    errors: int
    bytes_in: int
    bytes_out: int
    latency: list[int]


class UserUsage(TypedDict):
    """What one user called at one API, with one verdict.

    `user` and `application` are null for all that are not named.
    """

    api: str
    application: str | None
    user: str | None
    verdict: str
    requests: int
    first_seen: str
    last_seen: str


class WebhookMade(TypedDict):
    """An endpoint with its new secret, which no other answer holds.

    In the replay of an earlier answer `secret` is null.
    """

    id: str
    name: str
    url: str
    events: list[str]
    project: str | None
    disabled_at: str | None
    disabled_because: Literal["switched_off", "failing", "gone"] | None
    failing_since: str | None
    old_secret_ends_at: str | None
    created_at: str
    updated_at: str
    secret: str | None
    secret_already_shown: bool


class Webhook(TypedDict):
    """An endpoint; no answer but that of creating or rotating tells its secret.

    `failing_since` is since when nothing got through; `old_secret_ends_at` until
    when an older secret signs as well.
    """

    id: str
    name: str
    url: str
    events: list[str]
    project: str | None
    disabled_at: str | None
    disabled_because: Literal["switched_off", "failing", "gone"] | None
    failing_since: str | None
    old_secret_ends_at: str | None
    created_at: str
    updated_at: str


class Api(TypedDict):
    """An API."""

    id: str
    slug: str
    name: str
    project: str
    upstreams: dict[str, str]
    scopes: list[str]
    roles: dict[str, list[str]]
    limits: list[Rate | Quota]
    key_header: str
    query_parameter: str | None
    browser_keys: Literal["refuse", "flag"]
    cors_origins: list[str]
    hosts: list[str]
    prefix: str
    identity: str
    token_seconds_max: int
    user_limits: list[Rate | Quota]
    disabled_at: str | None
    created_at: str
    updated_at: str


class Customer(TypedDict):
    """A customer."""

    id: str
    external_id: str
    name: str
    project: str
    limits: list[Rate | Quota]
    metadata: dict[str, Any]
    prepaid_at: str | None
    disabled_at: str | None
    created_at: str
    updated_at: str


class Organization(TypedDict):
    """An organization."""

    id: str
    name: str
    limits: list[Rate | Quota]
    disabled_at: str | None
    created_at: str
    updated_at: str


class Route(TypedDict):
    """A route."""

    id: str
    api: str
    position: int
    method: str
    path: str
    scopes: list[str]
    cost: int
    cost_from: Literal["route", "upstream"]
    limits: list[Rate | Quota]
    created_at: str
    updated_at: str


class Application(TypedDict):
    """An application."""

    id: str
    name: str
    external_id: str | None
    purpose: str
    limits: list[Rate | Quota]
    rotation: Schedule | None
    customer: str | None
    project: str
    disabled_at: str | None
    created_at: str
    updated_at: str


class SecretCalls(TypedDict):
    """A secret that works, and who uses it; null what the caller may not see."""

    id: str
    version: int
    hint: str
    state: Literal["active", "ending", "not_yet_valid"]
    ends_at: str | None
    replaced_at: str | None
    waits_for: int | None
    last_used_at: str | None
    requests_last_hour: int | None
    requests_last_day: int | None
    addresses: list[Caller] | None
    calls: list[Caller] | None


class Change(TypedDict):
    """How far a change has come.

    `waiting` counts the nodes that have not told that they know of it;
    `stale_until` is when the last of them can answer from before it no more.
    `nodes` is null where anybody but the operator may have an organization.
    """

    seq: int
    in_force: bool
    made_at: str | None
    checked_at: str
    waiting: int
    stale_until: str | None
    nodes: list[Waited] | None


class ClaimsBody(TypedDict):
    """The claims of a user's token, as far as they are known: of a user, `sub` alone.

    They are what the middle part of the token says; what is none of these is left
    out of account. The token itself, which opens something, is not asked for.
    """

    sub: str
    sid: NotRequired[str | None]
    jti: NotRequired[str | None]
    aud: NotRequired[str | None]
    azp: NotRequired[str | None]
    key: NotRequired[str | None]
    iat: NotRequired[int | None]
    exp: NotRequired[int | None]
    scope: NotRequired[str | None]
    limits: NotRequired[list[list[JsonValue]]]


class FieldChange(TypedDict):
    """A field as it is, and as it shall be."""

    field: str
    before: JsonValue
    after: JsonValue


class LimitLeft(TypedDict):
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
    limit: Rate | Quota | Credits
    used: int | None
    left: int | None
    resets_at: str | None


class Explanation(TypedDict):
    """All checks in the order of the walk; each `refused` one is a reason.

    `verdict` is what the request would get now, null where that hangs on what is
    not told. `not_kept` are facts that the request log does not keep.
    """

    outcome: Literal["passed", "refused", "cannot_tell", "not_looked_at"]
    verdict: str | None
    key: str | None
    secret_version: int | None
    api: str
    request: Asked
    token: TokenTold | None
    checks: list[Check]
    logged: Logged | None
    not_kept: list[str]


class Import(TypedDict):
    """An import. Its keys are there for nobody before its `state` is `done`.

    `lessened` keys are among the `imported`. Of the problems the first are told.
    """

    id: str
    project: str
    state: Literal["open", "done", "undoing", "undone"]
    ended: Literal["warnings", "dry_run", "cancelled", "abandoned"] | None
    format: Literal["aws", "csv", "json"]
    environment: Literal["live", "test"]
    application: str | None
    access: list[dict[str, Any]]
    fail_on_warnings: bool
    dry_run: bool
    parts: int
    rows: int
    imported: int
    skipped: int
    lessened: int
    problems: list[ImportProblem]
    problems_count: int
    created_by: str
    created_at: str
    updated_at: str
    finished_at: str | None


class KeyCreated(TypedDict):
    """A new key with its secret, which no other answer holds.

    In the replay of an earlier answer `secret` is null.
    """

    id: str
    name: str
    kind: Literal["server", "publishable", "management"]
    environment: Literal["live", "test"] | None
    project: str
    application: str
    access: list[dict[str, Any]]
    restrictions: Restrictions
    limits: list[Rate | Quota]
    starts_at: str | None
    ends_at: str | None
    state: Literal["active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"]
    hint: str
    last_used_at: str | None
    metadata: dict[str, Any]
    rotation: Schedule | None
    rotation_due_at: str | None
    owner: str | None
    purpose: str
    tags: list[str]
    restorable_until: str | None
    import_id: str | None
    created_by: str
    created_at: str
    updated_at: str
    secret: str | None
    secret_already_shown: bool


class Key(TypedDict):
    """A key."""

    id: str
    name: str
    kind: Literal["server", "publishable", "management"]
    environment: Literal["live", "test"] | None
    project: str
    application: str
    access: list[dict[str, Any]]
    restrictions: Restrictions
    limits: list[Rate | Quota]
    starts_at: str | None
    ends_at: str | None
    state: Literal["active", "disabled", "revoked", "expired", "not_yet_valid", "deleted"]
    hint: str
    last_used_at: str | None
    metadata: dict[str, Any]
    rotation: Schedule | None
    rotation_due_at: str | None
    owner: str | None
    purpose: str
    tags: list[str]
    restorable_until: str | None
    import_id: str | None
    created_by: str
    created_at: str
    updated_at: str


class Override(TypedDict):
    """A limit of one subscriber, and until when it holds."""

    limit: PlanRate | PlanQuota
    ends_at: str | None


class PlanRoute(TypedDict):
    """A route on which a plan has limits; null where the route is gone."""

    api: str
    route: str
    method: str | None
    path: str | None
    limits: list[PlanRate | PlanQuota]


class PlanRouteBody(TypedDict):
    """Limits on one route of an API that the plan opens, beside all others."""

    api: str
    route: str
    limits: list[PlanLimitBody]


class Rotation(TypedDict):
    """How the rotation of a key stands."""

    key: str
    state: Literal["unscheduled", "scheduled", "rotation_due"]
    schedule: Schedule | None
    schedule_of: Literal["key", "application", "plan"] | None
    plan: str | None
    due_at: str | None
    can_roll_back: bool
    secrets: list[SecretCalls]


class Step(TypedDict):
    """A step of a plan; `place` is null for what the document leaves out."""

    action: Literal["create", "change", "disable", "remove"]
    kind: str
    name: str
    place: str | None
    id: str | None
    fields: list[FieldChange]


class KeysCreated(TypedDict):
    """New keys with their secrets, in the order of the wishes."""

    data: list[KeyCreated]


class Subscription(TypedDict):
    """A subscription: `provider` and `consumer` are organizations."""

    id: str
    plan: str
    application: str
    provider: str
    consumer: str
    state: Literal["pending", "active", "suspended", "ended"]
    state_since: str
    overrides: list[Override]
    created_at: str
    updated_at: str


class Plan(TypedDict):
    """A plan with what its newest version holds."""

    id: str
    slug: str
    name: str
    description: str
    provider: str
    project: str
    visibility: Literal["private", "public"]
    approval: Literal["automatic", "manual"]
    version: int
    access: list[PlanAccess]
    limits: list[PlanRate | PlanQuota]
    routes: list[PlanRoute]
    rotation: Schedule | None
    retired_at: str | None
    created_at: str
    updated_at: str


class PlanVersion(TypedDict):
    """What a plan held from a time on."""

    number: int
    access: list[PlanAccess]
    limits: list[PlanRate | PlanQuota]
    routes: list[PlanRoute]
    created_at: str


class Applied(TypedDict):
    """A plan, and how far it was done."""

    dry_run: bool
    complete: bool
    plan: str
    steps: list[Step]
    steps_done: int
    created: int
    changed: int
    disabled: int
    removed: int
    unchanged: int
    values_missing: list[MissingValue]
    errors: list[Problem]
    secrets: list[NewSecret] | None
    secrets_already_shown: bool

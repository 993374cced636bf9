"""The things that Keyhouse keeps, as plain rows.

One class is one table; a field is a column of the same name. Times are 64-bit
microseconds since 1970 in UTC, None where the event has not happened. These
rows are what services read and write; what the data plane needs of them is
compiled into `core.records` when it is loaded.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a member may do in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Purpose(StrEnum):
    """What a mailed link is for."""

    CONFIRM = "confirm"
    RESET = "reset"


class Environment(StrEnum):
    """Which of an API's two worlds a server or publishable key belongs to."""

    LIVE = "live"
    TEST = "test"


class KeyKind(StrEnum):
    """What a key is for. Its two letters stand in the secret."""

    SERVER = "server"
    PUBLISHABLE = "publishable"
    MANAGEMENT = "management"


class BrowserKeys(StrEnum):
    """What an API does with a server key that a browser sends: a leak in progress."""

    REFUSE = "refuse"
    FLAG = "flag"


class LimitKind(StrEnum):
    """How fast, or how much."""

    RATE = "rate"
    QUOTA = "quota"


class Window(StrEnum):
    """The calendar window of a quota."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Prefix(StrEnum):
    """What becomes of an API's slug in a path before the upstream gets it."""

    STRIP = "strip"
    KEEP = "keep"


class Identity(StrEnum):
    """How an upstream is told who calls: by headers alone, or signed as well."""

    HEADERS = "headers"
    SIGNED = "signed"


class Resource(StrEnum):
    """What a row of a key's access names."""

    API = "api"
    PROJECT = "project"
    ORGANIZATION = "organization"


class CreditKind(StrEnum):
    """Why credits came or went, besides by calls."""

    PURCHASE = "purchase"
    GRANT = "grant"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One named rate limit or quota, kept as JSON in its owner's `limits`.

    A rate allows `amount` units each `period_seconds`, and `burst` at once
    (`amount` where it is None). A quota allows `amount` units each calendar
    `window` in `zone` (an IANA name), whose start is moved by `offset_seconds`.
    """

    name: str
    kind: LimitKind
    amount: int
    period_seconds: int | None = None
    burst: int | None = None
    window: Window | None = None
    zone: str = "UTC"
    offset_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The tenant. `limits` are shared by all of its keys, for each provider apart."""

    id: str
    name: str
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be a member of organizations.

    `email` is kept in lower case. Without a password hash nobody logs in;
    `checked_at` is when a mailed link proved that the address is theirs.
    """

    id: str
    email: str
    name: str
    created_at: int
    updated_at: int
    password_hash: str | None = field(default=None, repr=False)
    checked_at: int | None = None
    disabled_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that somebody logged in with. Its cookie's bytes are not kept.

    `address` and `agent` are what the browser told when it logged in, so that
    its owner knows it again in a list.
    """

    id: str
    person_id: str
    digest: bytes = field(repr=False)
    created_at: int
    seen_at: int
    ends_at: int
    ended_at: int | None = None
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A mailed link that does one thing, once, for whoever reads that address.

    One that confirms brings what was typed at the sign-up: name, password's
    hash, and the invitation that led there. A person's row is made, or gets
    them, only when the link is used: so nobody prepares an account for
    another's address. One that resets has a person and nothing else.
    """

    id: str
    purpose: Purpose
    email: str
    digest: bytes = field(repr=False)
    created_at: int
    ends_at: int
    used_at: int | None = None
    person_id: str | None = None
    name: str = ""
    password_hash: str | None = field(default=None, repr=False)
    invitation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A mailed offer of a role in an organization, for whoever has the link."""

    id: str
    organization_id: str
    email: str
    role: Role
    digest: bytes = field(repr=False)
    invited_by: str
    created_at: int
    ends_at: int
    accepted_at: int | None = None
    withdrawn_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Wrong guesses at one door: `id` is `account/…` or `source/…`, hashed.

    `count` of them since `since`; none is heard before `blocked_until`.
    """

    id: str
    count: int
    since: int
    blocked_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's role in an organization. `id` is `{organization}/{person}`."""

    id: str
    organization_id: str
    person_id: str
    role: Role
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An organization's unit of work."""

    id: str
    organization_id: str
    name: str
    disabled_at: int | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What is protected. `upstreams` maps an environment to a base URL.

    `limits` are counted for each key on this API; a key's own limit of the
    same name replaces one. `query_parameter` is None where keys may not come
    in the address. `roles` maps the name of a role to the scopes it stands for.
    `cors_origins` are patterns of the pages that are answered by CORS; where
    there are none, OPTIONS goes to the upstream.
    `hosts` are names that lead to it (see `core.hosts`), each of which has an
    `ApiHost`.
    """

    id: str
    organization_id: str
    project_id: str
    slug: str
    name: str
    upstreams: dict[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    key_header: str = "X-API-Key"
    query_parameter: str | None = None
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    browser_keys: BrowserKeys = BrowserKeys.REFUSE
    cors_origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    prefix: Prefix = Prefix.STRIP
    identity: Identity = Identity.HEADERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHost:
    """An entry of the index over the hosts of all APIs: no two have the same.

    `id` is the host as it stands in `Api.hosts`, `parent` is that without its
    first label. Databases hold no list unique, so it is written a second time.
    """

    id: str
    organization_id: str
    api_id: str
    parent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamHeader:
    """A header that the gateway adds toward an API's upstream, its value sealed.

    `id` is `{api}/{name}`, the name as `core.upstream_headers.plain_name` has
    it; `name` is as it was given. `set_by` is who gave the value, at `set_at`.
    """

    id: str
    organization_id: str
    api_id: str
    name: str
    sealing_key_id: str
    sealed: bytes = field(repr=False)
    set_by: str
    set_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a method and path of an API need: scopes and units.

    All entries of `scopes` are needed; of one with `|` in it, any alternative.

    `method` is an HTTP method or `*`; `path` is a pattern below the API's
    root (see `core.patterns`). The first route by `position` that fits holds.
    `limits` are counted for each key on this route.
    """

    id: str
    organization_id: str
    api_id: str
    position: int
    method: str
    path: str
    scopes: tuple[str, ...] = ()
    cost: int = 1
    created_at: int
    updated_at: int
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The program that calls. `external_id` is the provider's own name for it.

    `limits` are shared by all of its keys, for each provider apart.
    """

    id: str
    organization_id: str
    project_id: str
    name: str
    external_id: str | None = None
    purpose: str = ""
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whom applications belong to, as the provider that keeps this row sees it.

    `external_id` is the provider's own name for it, unique in its project.
    `limits` are shared by all keys of all its applications. Since `prepaid_at`
    their live calls spend of its credits; `credits` is the sum of all that
    were ever added, and never falls: what is taken away counts as spent.
    """

    id: str
    organization_id: str
    project_id: str
    external_id: str
    name: str
    limits: tuple[Limit, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    prepaid_at: int | None = None
    credits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """An entry of a customer's ledger: written once, never changed or removed.

    `amount` is more than 0 where credits came, less where they went; `balance`
    is what was there after it, as far as calls were booked by then. What calls
    spend makes no entries. `actor` is as in `AuditRow`.
    """

    id: str
    organization_id: str
    customer_id: str
    at: int
    kind: CreditKind
    amount: int
    balance: int
    note: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCustomer:
    """Whose customer an application is. `id` is `{application}/{provider}`:

    to each provider it belongs to one.
    """

    id: str
    application_id: str
    provider_id: str
    customer_id: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """Where a key may be used; kept as JSON in the key. Empty means anywhere.

    All kinds that are present must hold, and any one entry of a kind is
    enough. A denied network wins over an allowed one. `endpoints` are
    `METHOD /pattern` below the API's root, `*` for any method; `apps` are
    `android:package:SHA-1` or `ios:bundle` (see `core.apps`).
    """

    networks_allowed: tuple[str, ...] = ()
    networks_denied: tuple[str, ...] = ()
    referrers: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A stable id owned by an application. Opens nothing but its `Access` rows."""

    id: str
    organization_id: str
    project_id: str
    application_id: str
    name: str
    kind: KeyKind
    environment: Environment | None
    restrictions: Restrictions = Restrictions()
    limits: tuple[Limit, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    disabled_at: int | None = None
    revoked_at: int | None = None
    deleted_at: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    created_by: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a key opens. `id` is `{key}/{resource_id}`.

    Server and publishable keys name APIs; a management key may also name a
    project or the whole organization. `provider_id` is the organization of
    what is named; `subscription_id` is the grant where that is a foreign one.
    `roles` are names of the API's own; what they stand for is the API's to say.
    """

    id: str
    key_id: str
    resource: Resource
    resource_id: str
    provider_id: str
    subscription_id: str | None = None
    scopes: tuple[str, ...] = ()
    created_at: int
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """What is kept of a string that callers send: a keyed hash and a hint.

    `namespace` is '' for minted secrets and the project's id for imported
    ones. (namespace, algorithm, pepper_id, digest) is unique.
    """

    id: str
    key_id: str
    version: int
    namespace: str
    algorithm: str
    pepper_id: str
    digest: bytes = field(repr=False)
    hint: str
    starts_at: int
    ends_at: int | None = None
    revoked_at: int | None = None
    created_by: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who did what: written in the transaction that did it, never changed.

    `before` and `after` hold the changed fields only, never a secret.
    `actor` is the id of a management key or person, or `operator` for a
    command on the machine itself.
    """

    id: str
    at: int
    organization_id: str
    provider_id: str
    consumer_id: str
    actor: str
    action: str
    subject: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    """The remembered answer to a POST. `id` is `{organization}/{actor}/{key}`.

    `fingerprint` is a hash of method, path and body; `answer` is the answer
    without its secret.
    """

    id: str
    organization_id: str
    fingerprint: str
    status: int
    answer: dict[str, Any]
    created_at: int


class AlertKind(StrEnum):
    """What calls for a person."""

    SERVER_KEY_IN_BROWSER = "server_key_in_browser"
    SECRET_OVER_PLAIN_HTTP = "secret_over_plain_http"  # noqa: S105 - names no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A good secret was seen where it must not be: one row a key, kind and day (UTC).

    `provider_id` is the organization of the API that was called first, '' where
    none was. `sample` is a page's origin or the caller's network.
    """

    id: str
    organization_id: str
    provider_id: str
    key_id: str
    kind: AlertKind
    first_at: int
    last_at: int
    count: int
    sample: str


Entity = (
    Organization
    | Person
    | Session
    | Ticket
    | Invitation
    | Attempt
    | Member
    | Project
    | Api
    | ApiHost
    | UpstreamHeader
    | Route
    | Application
    | Customer
    | ApplicationCustomer
    | Credit
    | Key
    | Access
    | SecretRow
    | AuditRow
    | IdempotencyRow
    | Alert
)

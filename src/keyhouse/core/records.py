"""What the data plane holds of a key: compiled when loaded, only read after.

A part is one record of the cache, shared by all that refer to it. A `Line`
is the way from one secret to one API, with everything worked out that does
not depend on the request; it is cheap to make again when a part changes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from keyhouse.core.addresses import Networks
from keyhouse.core.apps import Apps
from keyhouse.core.entities import ImportedStrings, KeyKind, Resource
from keyhouse.core.limits import RateLimit
from keyhouse.core.notices import Notice
from keyhouse.core.patterns import Endpoints, Referrers
from keyhouse.core.plan_records import PlanRecord, SubscriptionRecord
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.quotas import Budget, Quota
from keyhouse.core.scopes import Needs
from keyhouse.core.user_tokens import SECONDS_USUAL, UserToken
from keyhouse.core.verdict import Verdict

HOST = "host"
"""The kind of a `PartRef` that names no part, but a host whose API is another now."""


class PartRef(NamedTuple):
    """Names a part: `kind` is organization, project, application, customer, plan,

    subscription, api, key, or tokens: what is revoked of an application's, whose
    id it has.

    In the change log it may also name a host.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class OrganizationRecord:
    """An organization, as consumer or provider. Its limits bind it as consumer."""

    id: str
    disabled: bool
    rates: tuple[RateLimit, ...] = ()
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ProjectRecord:
    """A project; switching it off switches off the keys and APIs in it."""

    id: str
    organization_id: str
    disabled: bool


@dataclass(frozen=True, slots=True, eq=False)
class ApplicationRecord:
    """An application as the data plane tells of it.

    `customers` maps a provider to the id of the customer that it is of there,
    `subscriptions` an API to that of the subscription that opens it.
    """

    id: str
    organization_id: str
    project_id: str
    name: str
    external_id: str | None
    disabled: bool
    rates: tuple[RateLimit, ...] = ()
    quotas: tuple[Quota, ...] = ()
    customers: Mapping[str, str] = field(default_factory=dict)
    subscriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class CustomerRecord:
    """A customer of a provider; switching it off refuses all its applications there.

    `credits` is what prepaid ones may spend in all, None for others.
    """

    id: str
    organization_id: str
    external_id: str
    disabled: bool
    rates: tuple[RateLimit, ...]
    quotas: tuple[Quota, ...]
    credits: Quota | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RouteRecord:
    """What a route needs, and the limits that each key meets on it.

    `scopes` are as they are written, `needs` worked out.
    """

    id: str
    scopes: tuple[str, ...]
    needs: Needs
    cost: int
    rates: tuple[RateLimit, ...] = ()
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class UpstreamHeaders:
    """Headers that the gateway adds toward an upstream, secrets as they are.

    `names` are lower case, `-` for `_` and `.`; a caller's own of these names
    go no further. `lines` is None where one of them could not be unsealed.
    """

    names: frozenset[bytes]
    lines: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class ApiRecord:
    """An API. `upstreams` maps an environment to a base URL.

    `endpoints` finds the index of a route, None where there are no routes.
    `rates` and `quotas` are its defaults for each key. `query_parameter` is
    ASCII bytes, `key_header` lower-case ASCII bytes. `roles` maps the name of a
    role to its scopes. `cors_origins` is None where CORS is the upstream's affair.
    `keeps_prefix` says that the upstream gets the slug, or the prefix of one of its
    places, that stood in the path.
    `upstream_headers` are known to the gateway alone, and None where there are
    none. `signs_identity` says that the upstream is told who calls by a signed
    token too. `imported` tells which strings of other systems its project holds,
    None where it holds none. On the routes of `upstream_costs` the upstream says
    what a call came to, and the route's cost is what is reserved for it.
    `user_rates` and `user_quotas` are each user's, whose tokens last
    `token_seconds_max` at most.
    """

    id: str
    organization_id: str
    project_id: str
    slug: str
    upstreams: Mapping[str, str]
    key_header: bytes
    query_parameter: bytes | None
    endpoints: Endpoints | None
    routes: tuple[RouteRecord, ...]
    rates: tuple[RateLimit, ...]
    quotas: tuple[Quota, ...]
    disabled: bool
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    refuses_browsers: bool = True
    cors_origins: Referrers | None = None
    keeps_prefix: bool = False
    upstream_headers: UpstreamHeaders | None = field(default=None, repr=False)
    signs_identity: bool = False
    imported: ImportedStrings | None = None
    upstream_costs: frozenset[str] = frozenset()
    token_seconds_max: int = SECONDS_USUAL
    user_rates: tuple[RateLimit, ...] = ()
    user_quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RevocationsRecord:
    """Which user tokens of an application are revoked; `id` is the application's.

    `before_us` maps what was revoked, as `core.user_tokens.revocable` names it,
    to when: what was issued before that is refused.
    """

    id: str
    before_us: Mapping[str, int]

    def hold(self, names: Iterable[str], issued_us: int) -> bool:
        """Whether a token of these names that was issued then is revoked."""
        return any(issued_us < self.before_us.get(name, 0) for name in names)


@dataclass(frozen=True, slots=True, eq=False)
class GrantRecord:
    """One row of a key's access. In a `Line`, `scopes` holds those of `roles` too."""

    resource: Resource
    resource_id: str
    provider_id: str
    subscription_id: str | None
    scopes: frozenset[str]
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SecretRecord:
    """The state of one secret of a key. Its digest is the cache's key only."""

    id: str
    version: int
    starts_us: int
    ends_us: int
    revoked: bool
    replaced_us: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KeyRecord:
    """A key with its secrets and access. None for a restriction: unrestricted."""

    id: str
    name: str
    organization_id: str
    project_id: str
    application_id: str
    kind: KeyKind
    environment: str | None
    starts_us: int
    ends_us: int
    disabled: bool
    revoked: bool
    deleted: bool
    networks: Networks | None
    referrers: Referrers | None
    endpoints: Endpoints | None
    rates: tuple[RateLimit, ...]
    quotas: tuple[Quota, ...]
    grants: tuple[GrantRecord, ...]
    secrets: tuple[SecretRecord, ...] = field(repr=False)
    apps: Apps | None = None

    def secret(self, id: str) -> SecretRecord | None:
        """Its secret of that id; there are few."""
        for secret in self.secrets:
            if secret.id == id:
                return secret
        return None

    def grant_for(self, api: ApiRecord) -> GrantRecord | None:
        """The row of access that opens `api`: its own before a wider one."""
        wider = None
        for grant in self.grants:
            if grant.resource is Resource.API:
                if grant.resource_id == api.id:
                    return grant
            elif grant.resource_id in (api.project_id, api.organization_id):
                wider = wider or grant
        return wider


Part = (
    OrganizationRecord
    | ProjectRecord
    | ApplicationRecord
    | CustomerRecord
    | PlanRecord
    | SubscriptionRecord
    | ApiRecord
    | KeyRecord
    | RevocationsRecord
)


class RateUse(NamedTuple):
    """A rate limit and the counter that it counts on."""

    counter: str
    limit: RateLimit


class QuotaUse(NamedTuple):
    """A quota and the budget that it counts on. `token` names the budget."""

    token: str
    quota: Quota
    budget: Budget


class Worn:
    """What a door makes of a line, kept with it: it goes when the line goes."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Line:
    """The way from one secret to one API.

    `state` is the refusal that holds whatever the request is, None where
    there is none; outside `starts_us <= now < ends_us` the secret or key is
    not valid. `grant` is None where the key does not open the API, and `closed`
    is the refusal then. Where limits differ by route or change with time,
    `on_route` takes the line, a route's id and the time, and gives the line
    that holds there and then; of the line itself `rates` and `quotas` are
    those that hold in the end. `customer` is that of the
    API's provider. `credits` is the last of `quotas` where calls are prepaid.
    `notice` is what is told of the end of secret or key, None where there is none.
    `subscription` is the one that the API is opened by, or no longer.
    `token` is there where a user's token is the credential, or part of it;
    `by_token` says that it came alone, so that whoever called has no secret.

    It is only read once it is made, but for `worn`, which is not copied with it.
    """

    secret: SecretRecord
    key: KeyRecord
    application: ApplicationRecord
    api: ApiRecord
    grant: GrantRecord | None
    state: Verdict | None
    starts_us: int
    ends_us: int
    rates: tuple[RateUse, ...]
    quotas: tuple[QuotaUse, ...]
    on_route: "Callable[[Line, str, int], Line] | None" = field(default=None, repr=False)
    customer: CustomerRecord | None = None
    credits: QuotaUse | None = None
    notice: Notice | None = None
    subscription: SubscriptionRecord | None = None
    closed: Verdict = Verdict.API_NOT_ALLOWED
    token: UserToken | None = None
    by_token: bool = False
    worn: Worn | None = field(default=None, init=False, repr=False)

    @property
    def exposed_by_pages(self) -> bool:
        """Whether a secret that is kept out of pages came: a server key's."""
        return self.key.kind is KeyKind.SERVER and not self.by_token

    @property
    def caller_name(self) -> str | None:
        """Whom the provider knows the caller as: its customer's external id, or the

        application's own where it is linked to none.
        """
        if self.customer is not None:
            return self.customer.external_id
        return self.application.external_id


class Found(NamedTuple):
    """Where a secret leads. One that is kept `unsalted` is to be kept otherwise."""

    key_id: str
    secret_id: str
    unsalted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What one read of the database saw, all of it at change `seq`.

    `parts` holds None for a part that was asked for and does not exist.
    `found` answers a search for a secret, `api_id` one for a slug or a host;
    `prefixes` one for a host where not all paths lead to one API.
    """

    seq: int
    parts: Mapping[PartRef, Part | None] = field(default_factory=dict)
    found: Found | None = None
    api_id: str | None = None
    prefixes: Prefixes | None = None


class Change(NamedTuple):
    """One row of the change log: this part is not what it was."""

    seq: int
    part: PartRef

"""APIs, where they are found, and what their routes need."""

from dataclasses import dataclass, field
from enum import StrEnum

from keyhouse.core.entities.limits import Limit


class BrowserKeys(StrEnum):
    """What an API does with a server key that a browser sends: a leak in progress."""

    REFUSE = "refuse"
    FLAG = "flag"


class Prefix(StrEnum):
    """What becomes of what led to an API, its slug or the prefix of a place of it,

    before the upstream gets the path.
    """

    STRIP = "strip"
    KEEP = "keep"


class Identity(StrEnum):
    """How an upstream is told who calls: by headers alone, or signed as well."""

    HEADERS = "headers"
    SIGNED = "signed"


class CostFrom(StrEnum):
    """Who says what a call costs: its route beforehand, or its upstream when it is done."""

    ROUTE = "route"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What is protected. `upstreams` maps an environment to a base URL.

    `limits` are counted for each key on this API; a key's own limit of the
    same name replaces one. `query_parameter` is None where keys may not come
    in the address. `roles` maps the name of a role to the scopes it stands for.
    `cors_origins` are patterns of the pages that are answered by CORS; where
    there are none, OPTIONS goes to the upstream.
    Tokens of users last `token_seconds_max` at most; `user_limits` are counted for
    each user inside an application.
    `hosts` are places that lead to it (see `core.hosts`), each of which has an
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
    token_seconds_max: int = 3600
    user_limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldHost:
    """Whose a host is: one organization's, as long as any API of it has a place there.

    `id` is the host (see `core.hosts`).
    """

    id: str
    organization_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHost:
    """An entry of the index over the places of all APIs: no two have the same.

    `id` is the place as it stands in `Api.hosts`, `host_id` that without its
    prefix, which the same organization holds; `parent` is the host without its
    first label. Databases hold no list unique, so it is written a second time.
    """

    id: str
    organization_id: str
    api_id: str
    parent: str
    host_id: str


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
    `limits` are counted for each key on this route. Where the cost comes from
    the upstream, `cost` is the most that a call can come to.
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
    cost_from: CostFrom = CostFrom.ROUTE

"""`keyhouse apis`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from keyhouse.doors.cli.desk import AsJson
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.limits import (
    QUOTA_HELP,
    RATE_HELP,
    NoLimits,
    Quotas,
    Rates,
    changed,
    limits,
)
from keyhouse.doors.cli.nouns import (
    Enabled,
    Id,
    Noun,
    add_delete,
    create,
    disabled,
    group,
    update,
)
from keyhouse.doors.cli.tenants import NewName, Project
from keyhouse.doors.cli.upstream_headers import headers

_APIS = Noun(
    "apis", "API", "apis", ("id", "slug", "name", "upstreams", "scopes", "roles", "limits")
)
_ENVIRONMENTS = ("test", "live")

Upstreams = Annotated[
    list[str] | None,
    typer.Option(
        "--upstream",
        help="Where calls go: URL, or test=URL and live=URL to tell them apart.",
    ),
]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="A scope it knows. Repeatable.")
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="NAME=SCOPE,SCOPE: a set of scopes to give. Repeatable."),
]
NoRoles = Annotated[bool, typer.Option("--no-roles", help="Take all its roles away.")]
KeyHeader = Annotated[
    str | None, typer.Option("--key-header", help="The header that carries the key.")
]
QueryParameter = Annotated[
    str | None,
    typer.Option("--query-parameter", help="Lets keys come in this query parameter too."),
]
BrowserKeysOption = Annotated[
    str | None,
    typer.Option(
        "--browser-keys",
        help="A server key that a browser sends: refuse it, or flag it and go on.",
    ),
]
CorsOrigins = Annotated[
    list[str] | None,
    typer.Option(
        "--cors-origin",
        help="Pages of this origin may read answers, as https://*.example.com. Repeatable.",
    ),
]
NoCors = Annotated[bool, typer.Option("--no-cors", help="Leave CORS to the upstream.")]
Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="A place that leads to it: api.example.com, *.example.com, or "
        "api.example.com/weather for what is below a prefix. Repeatable.",
    ),
]
NoHosts = Annotated[bool, typer.Option("--no-hosts", help="Take all its hosts away.")]
KeepSlug = Annotated[
    bool | None,
    typer.Option(
        "--keep-slug/--strip-slug",
        "--keep-prefix/--strip-prefix",
        help="Whether the upstream gets the slug or prefix that stood in the path.",
    ),
]
SignIdentity = Annotated[
    bool | None,
    typer.Option(
        "--sign-identity/--no-sign-identity",
        help="Whether the upstream is told who calls by a signed token too.",
    ),
]
TokenSeconds = Annotated[
    int | None, typer.Option(help="How long tokens of users last at most.")
]
UserRates = Annotated[
    list[str] | None, typer.Option("--user-rate", help=f"For each user: {RATE_HELP}")
]
UserQuotas = Annotated[
    list[str] | None, typer.Option("--user-quota", help=f"For each user: {QUOTA_HELP}")
]
NoUserLimits = Annotated[
    bool, typer.Option("--no-user-limits", help="Take all limits of users away.")
]

apis = group(_APIS, "APIs: what is protected.")
add_delete(apis, _APIS)
apis.add_typer(headers, name="headers")


@apis.command(
    "create",
    epilog="Example: keyhouse apis create weather --upstream http://127.0.0.1:3000 "
    "--rate per-minute=60/60",
)
def create_api(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="Its first path segment at the gateway.")],
    *,
    upstreams: Upstreams = None,
    name: NewName = None,
    project: Project = None,
    scopes: Scopes = None,
    roles: Roles = None,
    rates: Rates = None,
    quotas: Quotas = None,
    key_header: KeyHeader = None,
    query_parameter: QueryParameter = None,
    browser_keys: BrowserKeysOption = None,
    cors_origins: CorsOrigins = None,
    hosts: Hosts = None,
    keep_slug: KeepSlug = None,
    sign_identity: SignIdentity = None,
    token_seconds_max: TokenSeconds = None,
    user_rates: UserRates = None,
    user_quotas: UserQuotas = None,
    as_json: AsJson = False,
) -> None:
    """Create an API."""
    fields = {
        "slug": slug,
        "name": name,
        "project": project,
        "upstreams": _upstreams(upstreams),
        "scopes": scopes or None,
        "roles": _roles(roles),
        "limits": limits(rates, quotas) or None,
        "key_header": key_header,
        "query_parameter": query_parameter,
        "browser_keys": browser_keys,
        "cors_origins": cors_origins or None,
        "hosts": hosts or None,
        "prefix": _choice(keep_slug, "keep", "strip"),
        "identity": _choice(sign_identity, "signed", "headers"),
        "token_seconds_max": token_seconds_max,
        "user_limits": limits(user_rates, user_quotas) or None,
    }
    create(context, _APIS, fields, json=as_json)


@apis.command("update", epilog="Example: keyhouse apis update weather --rate burst=10/1:30")
def update_api(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Id,
    *,
    upstreams: Upstreams = None,
    name: NewName = None,
    scopes: Scopes = None,
    roles: Roles = None,
    rates: Rates = None,
    quotas: Quotas = None,
    key_header: KeyHeader = None,
    query_parameter: QueryParameter = None,
    browser_keys: BrowserKeysOption = None,
    cors_origins: CorsOrigins = None,
    no_cors: NoCors = False,
    hosts: Hosts = None,
    no_hosts: NoHosts = False,
    keep_slug: KeepSlug = None,
    sign_identity: SignIdentity = None,
    token_seconds_max: TokenSeconds = None,
    user_rates: UserRates = None,
    user_quotas: UserQuotas = None,
    no_user_limits: NoUserLimits = False,
    enabled: Enabled = None,
    no_roles: NoRoles = False,
    no_limits: NoLimits = False,
    as_json: AsJson = False,
) -> None:
    """Change an API. A list or set that is given (as scopes, roles) replaces all of it."""
    changes = {
        "name": name,
        "upstreams": _upstreams(upstreams),
        "scopes": scopes or None,
        "roles": {} if no_roles else _roles(roles),
        "limits": changed(rates, quotas, none=no_limits),
        "key_header": key_header,
        "query_parameter": query_parameter,
        "browser_keys": browser_keys,
        "cors_origins": [] if no_cors else cors_origins or None,
        "hosts": [] if no_hosts else hosts or None,
        "prefix": _choice(keep_slug, "keep", "strip"),
        "identity": _choice(sign_identity, "signed", "headers"),
        "token_seconds_max": token_seconds_max,
        "user_limits": changed(user_rates, user_quotas, none=no_user_limits),
        "disabled": disabled(enabled),
    }
    update(context, _APIS, id, changes, json=as_json)


def _roles(given: Sequence[str] | None) -> dict[str, list[str]] | None:
    """`reader=*:read,status:list`: nothing behind the sign is a role without scopes."""
    found: dict[str, list[str]] = {}
    for text in given or ():
        name, equals, scopes = text.partition("=")
        if not equals or name in found:
            raise WrongUse(f"--role {text}: write NAME=SCOPE,SCOPE, each name once")
        found[name] = [scope for scope in scopes.split(",") if scope]
    return found or None


def _choice(wanted: bool | None, yes: str, no: str) -> str | None:
    return None if wanted is None else yes if wanted else no


def _upstreams(given: Sequence[str] | None) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for text in given or ():
        environment, equals, url = text.partition("=")
        if equals and environment in _ENVIRONMENTS:
            found[environment] = url
        elif "://" in environment:
            found |= dict.fromkeys(_ENVIRONMENTS, text)
        else:
            raise WrongUse(f"--upstream {text}: write URL, test=URL or live=URL")
    return found or None

"""Checks of where keys may be used and where requests go."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from keyhouse.core.addresses import parse_network
from keyhouse.core.apps import APP_HEADERS, canonical_app
from keyhouse.core.entities import Restrictions
from keyhouse.core.patterns import origin_expression, parse_endpoint, referrer_expression
from keyhouse.core.validation.addressing import allowed_by, is_host, is_private_host
from keyhouse.core.validation.problem import Problem, check_items, check_number
from keyhouse.core.validation.scopes import check_needs
from keyhouse.core.validation.texts import check_environment

PATTERN_LENGTH_MAX: Final = 512
WILDCARDS_MAX: Final = 8
COST_MAX: Final = 1_000_000
_WILDCARD: Final = re.compile(r"\*+|\{")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_PARAMETER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
_TAKEN_HEADERS: Final = frozenset(
    (
        "accept",
        "access-control-request-headers",
        "access-control-request-method",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "proxy-authorization",
        "proxy-connection",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        *APP_HEADERS,
    )
)


def check_restrictions(field: str, restrictions: Restrictions) -> list[Problem]:
    """Where a key may be used."""
    here = f"{field}."
    return [
        *check_networks(f"{here}networks_allowed", restrictions.networks_allowed),
        *check_networks(f"{here}networks_denied", restrictions.networks_denied),
        *check_referrers(f"{here}referrers", restrictions.referrers),
        *check_endpoints(f"{here}endpoints", restrictions.endpoints),
        *check_apps(f"{here}apps", restrictions.apps),
    ]


def check_networks(field: str, values: Sequence[str]) -> list[Problem]:
    """Networks in the form of `203.0.113.0/24`."""
    mend = "write it as 203.0.113.0/24 or 2001:db8::/32, with no bits behind the prefix"
    return check_items(field, values, _parses(parse_network, "is no network", mend))


def check_referrers(field: str, values: Sequence[str]) -> list[Problem]:
    """Patterns of web pages."""
    mend = "write it as https://*.example.com/* or example.com"
    return check_items(
        field, values, _parses(referrer_expression, "is no pattern of a page", mend)
    )


def check_cors_origins(field: str, values: Sequence[str]) -> list[Problem]:
    """Patterns of origins: those of web pages, without a path."""
    mend = "write it as https://*.example.com or http://localhost:3000"
    return check_items(
        field, values, _parses(origin_expression, "is no pattern of an origin", mend)
    )


def check_endpoints(field: str, values: Sequence[str]) -> list[Problem]:
    """Methods and paths, as `GET /v1/**`."""
    mend = "write it as GET /v1/** or * /status"
    return check_items(
        field, values, _parses(parse_endpoint, "is no method and path", mend)
    )


def check_apps(field: str, values: Sequence[str]) -> list[Problem]:
    """Android and iOS apps."""
    mend = "write it as android:com.example.app:SHA-1 of its certificate, or ios:bundle"
    return check_items(field, values, _parses(canonical_app, "is no app", mend))


def check_route(
    method: str, path: str, scopes: Sequence[str], cost: int, known: Collection[str]
) -> list[Problem]:
    """What a route of an API says; fields bear their own names."""
    problems = check_needs("scopes", scopes, known, wild=False)
    try:
        parse_endpoint(f"{method} /")
    except ValueError:
        problems.append(Problem("method", "is no method", "use GET, POST …, or * for any"))
    mend = "begin it with /, as /v1/pages/{id} or /v1/**"
    check = _parses(lambda text: parse_endpoint(f"* {text}"), "is no path", mend)
    return [*problems, *check("path", path), *check_number("cost", cost, 0, COST_MAX)]


def _parses(
    parse: Callable[[str], object], reason: str, mend: str
) -> Callable[[str, str], list[Problem]]:
    """A check of what `parse` must take without a ValueError."""

    def check(field: str, value: str) -> list[Problem]:
        if len(value) > PATTERN_LENGTH_MAX:
            return [Problem(field, "is too long", f"use up to {PATTERN_LENGTH_MAX}")]
        if len(_WILDCARD.findall(value)) > WILDCARDS_MAX:
            return [Problem(field, f"has over {WILDCARDS_MAX} wildcards", "use fewer")]
        try:
            parse(value)
        except ValueError:
            return [Problem(field, reason, mend)]
        return []

    return check


def check_upstreams(
    field: str, upstreams: Mapping[str, str], *, private: bool = True
) -> list[Problem]:
    """An API's upstreams by environment; private addresses with `private` alone."""
    problems: list[Problem] = []
    for environment, url in upstreams.items():
        place = f"{field}.{environment}"
        problems += check_environment(place, environment)
        problems += check_upstream(place, url, private=private)
    return problems


def check_upstream(field: str, url: str, *, private: bool = True) -> list[Problem]:
    """The address below which an API lives: no more than scheme, host, port, path.

    Without `private` none that is private as it stands; where a name leads is
    for the gateway to see, each time that it connects.
    """
    mend = "write it as http://127.0.0.1:3000 or https://api.example.com/v2"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return [Problem(field, "is no address", mend)]
    if len(url) > PATTERN_LENGTH_MAX:
        return [Problem(field, "is too long", f"use up to {PATTERN_LENGTH_MAX}")]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return [Problem(field, "is no address", mend)]
    if parts.scheme not in ("http", "https") or not is_host(host) or port == 0:
        return [Problem(field, "is no address", mend)]
    if "@" in parts.netloc:
        return [Problem(field, "names a user", "leave user and password out")]
    if "?" in url or "#" in url:
        return [Problem(field, "has a query or fragment", "end it with the path")]
    if not private and is_private_host(host):
        mend = allowed_by("gateway.upstream_private")
        return [Problem(field, "is a private address", mend)]
    return []


def check_key_header(field: str, value: str) -> list[Problem]:
    """The header in which an API takes keys: one that has no other meaning."""
    if _HEADER.fullmatch(value) is None:
        mend = "use letters, digits and -, as X-API-Key"
        return [Problem(field, "is no name of a header", mend)]
    if value.lower() in _TAKEN_HEADERS or value.lower().startswith("keyhouse-"):
        return [Problem(field, "has a meaning of its own", "choose another header")]
    return []


def check_query_parameter(field: str, value: str | None) -> list[Problem]:
    """The query parameter in which an API takes keys; None: it takes none there."""
    if value is None or _PARAMETER.fullmatch(value) is not None:
        return []
    mend = "use up to 63 of letters, digits, _, . and -, beginning with a letter"
    return [Problem(field, "is no name of a parameter", mend)]

"""Whether values that people give may be kept, and how to mend those that may not.

Every check takes the field's name as the giver knows it, and returns the
problems in a list, empty where there are none. Lists name the item:
`limits.0.amount`.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from keyhouse.core.addresses import parse_network
from keyhouse.core.entities import Environment, KeyKind, Limit, LimitKind, Restrictions
from keyhouse.core.limits import RATE_MAX
from keyhouse.core.patterns import parse_endpoint, referrer_expression
from keyhouse.core.quotas import OFFSET_SECONDS_MAX
from keyhouse.core.scopes import is_scope

NAME_LENGTH_MAX: Final = 120
TEXT_LENGTH_MAX: Final = 2000
ENTRIES_MAX: Final = 100
"""The most entries of a list: scopes, networks, referrers, endpoints."""
LIMITS_MAX: Final = 16
"""The most limits of one owner: each is worked on for each request."""
PATTERN_LENGTH_MAX: Final = 512
WILDCARDS_MAX: Final = 8
AMOUNT_MAX: Final = 999_999_999_999_999
"""The greatest integer that a structured field can tell (RFC 9651, 3.3.1)."""
COST_MAX: Final = 1_000_000
REFILL_SECONDS_MAX: Final = 366 * 86_400
"""The longest period, and the longest that a burst may take to come back."""
TIME_US_MAX: Final = 253_402_300_800_000_000
"""The year 10000, which RFC 3339 cannot write."""
METADATA_BYTES_MAX: Final = 16_384
METADATA_DEPTH_MAX: Final = 8
RESERVED_SLUGS: Final = frozenset(("keyhouse", "favicon-ico", "robots-txt", "well-known"))

_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")
_LIMIT_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_PARAMETER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}")
_EMAIL: Final = re.compile(
    r"[^\s@<>\"',;:\\()\[\]]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63})*"
)
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_TAKEN_HEADERS: Final = frozenset(
    (
        "accept",
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
    )
)


class Problem(NamedTuple):
    """What is wrong with a field, and what to do about it."""

    field: str
    reason: str
    mend: str


KnowsZone = Callable[[str], bool]


def check_name(field: str, value: str) -> list[Problem]:
    """A name that people read: one line, neither empty nor padded."""
    if not value.strip():
        return [Problem(field, "is empty", "give it a name")]
    if value != value.strip():
        return [Problem(field, "begins or ends with a space", "leave the spaces out")]
    return check_text(field, value, NAME_LENGTH_MAX)


def check_text(field: str, value: str, length_max: int = TEXT_LENGTH_MAX) -> list[Problem]:
    """A text on one line; it may be empty."""
    if len(value) > length_max:
        return [Problem(field, f"is longer than {length_max} characters", "shorten it")]
    if not value.isprintable():
        return [Problem(field, "has characters that cannot be printed", "leave them out")]
    return []


def check_email(field: str, value: str) -> list[Problem]:
    """An address for mail; whether it exists only a message can tell."""
    if len(value) > 254 or _EMAIL.fullmatch(value) is None or not value.isprintable():
        return [Problem(field, "is no mail address", "write it as name@example.com")]
    return []


def check_slug(field: str, value: str) -> list[Problem]:
    """The name of an API in addresses."""
    if _SLUG.fullmatch(value) is None:
        mend = "use 2 to 63 of a-z, 0-9 and -, beginning with a letter"
        return [Problem(field, "is no slug", mend)]
    if value in RESERVED_SLUGS:
        return [Problem(field, "is reserved", "choose another slug")]
    return []


def check_scopes(
    field: str,
    values: Sequence[str],
    known: Collection[str] | None = None,
    *,
    wild: bool = True,
) -> list[Problem]:
    """Scopes, each once. `known` are those of the API; None: any will do.

    With `wild`, `*` and `resource:*` are among them where any known scope is
    below; without it they are refused, as in what a route needs.
    """
    return _items(field, values, lambda place, one: _scope(place, one, known, wild))


def _scope(
    field: str, value: str, known: Collection[str] | None, wild: bool
) -> list[Problem]:
    if not is_scope(value):
        return [Problem(field, "is no scope", "write it as resource:action")]
    if value.endswith("*"):
        if not wild:
            return [Problem(field, "is not one scope", "name the single scopes")]
        start = value[:-1]
        fits = known is None or not start or any(one.startswith(start) for one in known)
    else:
        fits = known is None or value in known
    if fits:
        return []
    mend = f"choose among {', '.join(sorted(known or ())) or 'none: the API has no scopes'}"
    return [Problem(field, "is not a scope of the API", mend)]


def check_limits(
    field: str, limits: Sequence[Limit], knows_zone: KnowsZone
) -> list[Problem]:
    """The limits of an API or key; names are unique among them."""
    if len(limits) > LIMITS_MAX:
        return [Problem(field, f"has more than {LIMITS_MAX} limits", "join some")]
    problems: list[Problem] = []
    names: set[str] = set()
    for index, limit in enumerate(limits):
        place = f"{field}.{index}"
        if limit.name in names:
            problems.append(
                Problem(f"{place}.name", "is there twice", "rename one of them")
            )
        names.add(limit.name)
        problems += check_limit(place, limit, knows_zone)
    return problems


def check_limit(field: str, limit: Limit, knows_zone: KnowsZone) -> list[Problem]:
    """One limit: what every kind has, then what its own kind has."""
    problems = []
    if _LIMIT_NAME.fullmatch(limit.name) is None:
        mend = "use up to 63 of a-z, 0-9, -, _ and ., beginning with a letter"
        problems.append(Problem(f"{field}.name", "is no name of a limit", mend))
    problems += check_number(f"{field}.amount", limit.amount, 1, AMOUNT_MAX)
    if problems:
        return problems
    if limit.kind is LimitKind.RATE:
        return _rate(field, limit)
    return _quota(field, limit, knows_zone)


def _rate(field: str, limit: Limit) -> list[Problem]:
    if limit.window is not None or limit.offset_seconds or limit.zone != "UTC":
        reason = "belongs to quotas"
        return [Problem(f"{field}.window", reason, "give a rate period_seconds instead")]
    if limit.period_seconds is None:
        return [Problem(f"{field}.period_seconds", "is missing", "say amount per how long")]
    period, burst = limit.period_seconds, limit.burst
    problems = check_number(f"{field}.period_seconds", period, 1, REFILL_SECONDS_MAX)
    if burst is not None:
        problems += check_number(f"{field}.burst", burst, 1, AMOUNT_MAX)
    if problems:
        return problems
    if limit.amount > RATE_MAX * period:
        reason = f"is more than {RATE_MAX} a second"
        return [Problem(f"{field}.amount", reason, "lower it, or leave the limit out")]
    if (burst or 0) * period > REFILL_SECONDS_MAX * limit.amount:
        return [Problem(f"{field}.burst", "takes over a year to come back", "lower it")]
    return []


def _quota(field: str, limit: Limit, knows_zone: KnowsZone) -> list[Problem]:
    if limit.period_seconds is not None or limit.burst is not None:
        wrong = "burst" if limit.period_seconds is None else "period_seconds"
        return [Problem(f"{field}.{wrong}", "belongs to rates", "give a quota window")]
    if limit.window is None:
        mend = "choose hour, day, week or month"
        return [Problem(f"{field}.window", "is missing", mend)]
    offset_max = OFFSET_SECONDS_MAX[limit.window]
    return [
        *check_zone(f"{field}.zone", limit.zone, knows_zone),
        *check_number(f"{field}.offset_seconds", limit.offset_seconds, 0, offset_max),
    ]


def check_zone(field: str, value: str, knows_zone: KnowsZone) -> list[Problem]:
    """The IANA name of a time zone. `knows_zone` is asked for clean names only."""
    if len(value) > 64 or _ZONE.fullmatch(value) is None or not knows_zone(value):
        return [Problem(field, "is no time zone", "use an IANA name, as Europe/Berlin")]
    return []


def check_number(field: str, value: int, least: int, most: int) -> list[Problem]:
    """A whole number from `least` to `most`."""
    if isinstance(value, bool) or not least <= value <= most:
        return [Problem(field, "is out of range", f"give a number from {least} to {most}")]
    return []


def check_restrictions(field: str, restrictions: Restrictions) -> list[Problem]:
    """Where a key may be used."""
    here = f"{field}."
    return [
        *check_networks(f"{here}networks_allowed", restrictions.networks_allowed),
        *check_networks(f"{here}networks_denied", restrictions.networks_denied),
        *check_referrers(f"{here}referrers", restrictions.referrers),
        *check_endpoints(f"{here}endpoints", restrictions.endpoints),
    ]


def check_networks(field: str, values: Sequence[str]) -> list[Problem]:
    """Networks in the form of `203.0.113.0/24`."""
    mend = "write it as 203.0.113.0/24 or 2001:db8::/32, with no bits behind the prefix"
    return _items(field, values, _parses(parse_network, "is no network", mend))


def check_referrers(field: str, values: Sequence[str]) -> list[Problem]:
    """Patterns of web pages."""
    mend = "write it as https://*.example.com/* or example.com"
    return _items(
        field, values, _parses(referrer_expression, "is no pattern of a page", mend)
    )


def check_endpoints(field: str, values: Sequence[str]) -> list[Problem]:
    """Methods and paths, as `GET /v1/**`."""
    mend = "write it as GET /v1/** or * /status"
    return _items(field, values, _parses(parse_endpoint, "is no method and path", mend))


def check_route(
    method: str, path: str, scopes: Sequence[str], cost: int, known: Collection[str]
) -> list[Problem]:
    """What a route of an API says; fields bear their own names."""
    problems = check_scopes("scopes", scopes, known, wild=False)
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
        if value.count("*") + value.count("{") > WILDCARDS_MAX:
            return [Problem(field, f"has over {WILDCARDS_MAX} wildcards", "use fewer")]
        try:
            parse(value)
        except ValueError:
            return [Problem(field, reason, mend)]
        return []

    return check


def _items(
    field: str, values: Sequence[str], check: Callable[[str, str], list[Problem]]
) -> list[Problem]:
    if len(values) > ENTRIES_MAX:
        return [Problem(field, f"has more than {ENTRIES_MAX} entries", "join some")]
    problems = [check(f"{field}.{index}", value) for index, value in enumerate(values)]
    twice = [
        Problem(f"{field}.{index}", "is there twice", "leave one out")
        for index, value in enumerate(values)
        if value in values[:index]
    ]
    return [*chain.from_iterable(problems), *twice]


def check_upstreams(field: str, upstreams: Mapping[str, str]) -> list[Problem]:
    """An API's upstreams by environment."""
    problems: list[Problem] = []
    for environment, url in upstreams.items():
        place = f"{field}.{environment}"
        problems += check_environment(place, environment)
        problems += check_upstream(place, url)
    return problems


def check_upstream(field: str, url: str) -> list[Problem]:
    """The address below which an API lives: no more than scheme, host, port, path."""
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
    if parts.scheme not in ("http", "https") or not _is_host(host) or port == 0:
        return [Problem(field, "is no address", mend)]
    if "@" in parts.netloc:
        return [Problem(field, "names a user", "leave user and password out")]
    if "?" in url or "#" in url:
        return [Problem(field, "has a query or fragment", "end it with the path")]
    return []


def _is_host(host: str) -> bool:
    # urlsplit has checked what stands in brackets to be an IPv6 address.
    return ":" in host or (_HOST.fullmatch(host) is not None and ".." not in host)


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


def check_environment(field: str, value: str) -> list[Problem]:
    """The name of an environment."""
    if value not in tuple(Environment):
        return [Problem(field, "is no environment", "choose live or test")]
    return []


def check_key_environment(
    field: str, kind: KeyKind, environment: Environment | None
) -> list[Problem]:
    """Whether keys of this kind have, or lack, an environment."""
    if kind is KeyKind.MANAGEMENT and environment is not None:
        return [Problem(field, "is not for management keys", "leave it out")]
    if kind is not KeyKind.MANAGEMENT and environment is None:
        return [Problem(field, "is missing", "choose live or test")]
    return []


def check_times(
    starts_field: str, starts_us: int | None, ends_field: str, ends_us: int | None
) -> list[Problem]:
    """A start and an end, either of which may be open."""
    problems = [
        Problem(field, "is no time", "give a time from 1970 to 9999")
        for field, time_us in ((starts_field, starts_us), (ends_field, ends_us))
        if time_us is not None and not 0 <= time_us < TIME_US_MAX
    ]
    if not problems and ends_us is not None and ends_us <= (starts_us or 0):
        problems.append(Problem(ends_field, "is not after the start", "choose a later end"))
    return problems


def check_metadata(field: str, value: Mapping[str, Any]) -> list[Problem]:
    """What owners keep with a key: JSON of a bounded size and depth."""
    if _depth(value, METADATA_DEPTH_MAX) > METADATA_DEPTH_MAX:
        reason = f"is nested deeper than {METADATA_DEPTH_MAX}"
        return [Problem(field, reason, "flatten it")]
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError):
        return [Problem(field, "is not JSON", "use texts, numbers, lists and objects")]
    if size > METADATA_BYTES_MAX:
        return [Problem(field, f"is over {METADATA_BYTES_MAX} bytes", "keep less in it")]
    return []


def _depth(value: object, room: int) -> int:
    """How deep `value` is nested, at most one more than `room`."""
    if isinstance(value, Mapping):
        inner: Collection[object] = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return 0
    if room == 0:
        return 1
    return 1 + max((_depth(one, room - 1) for one in inner), default=0)

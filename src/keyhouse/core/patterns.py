"""Patterns for endpoints and web pages, compiled to one matcher when loaded."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address
from typing import Final

from keyhouse.core.globs import END, WILDCARD, glob_expression
from keyhouse.core.paths import plain_path, resolved

METHODS: Final = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
)
ANY_METHOD: Final = "*"


def path_expression(pattern: str) -> str:
    """The regular expression of a path pattern, a glob (see `core.globs`).

    One slash more at its end makes no other path: many servers answer
    `/v1/pages/` as they do `/v1/pages`, so a check must not tell them apart.

    An escape stands for its character, `%2A` for a star that is none of a glob.
    Raises ValueError when the pattern does not begin with `/`, or holds what
    stands in no plain path (see `core.paths`).
    """
    if not pattern.startswith("/"):
        raise ValueError("a path pattern begins with /")
    literal = WILDCARD.sub(lambda wild: "*" if wild[0][0] == "*" else "name", pattern)
    if plain_path(literal) is None or "{" in literal or "}" in literal:
        raise ValueError("a path pattern holds what stands in no plain path")
    end = END if pattern.endswith("/") else "/?" + END
    return glob_expression(pattern, end, resolved)


def parse_endpoint(text: str) -> tuple[str, str]:
    """Method and path pattern of `GET /v1/**`; the method may be `*`.

    Raises ValueError when either is not what it should be.
    """
    method, _, pattern = text.partition(" ")
    pattern = pattern.strip()
    if method != ANY_METHOD and method not in METHODS:
        raise ValueError("an endpoint is a method in capitals or *, a space, a path")
    path_expression(pattern)
    return method, pattern


class Endpoints:
    """Which method and path fit; the index of the first that does.

    HEAD is answered as GET is: a pattern for GET admits both.
    """

    __slots__ = ("_by_method", "_other")

    def __init__(self, endpoints: Sequence[tuple[str, str]]) -> None:
        methods = {method for method, _ in endpoints} | {"GET", "HEAD"}
        self._by_method = {one: _Matcher(endpoints, one) for one in methods}
        self._other = _Matcher(endpoints, ANY_METHOD)

    def find(self, method: str, path: str) -> int | None:
        """The index of the first pattern that fits, None when none does.

        `path` is a plain one.
        """
        matcher = self._by_method.get(method, self._other)
        match = matcher.match(path)
        if match is None or match.lastindex is None:
            return None
        return matcher.indexes[match.lastindex - 1]


class BothEndpoints(Endpoints):
    """What two keys allow, both of which must."""

    __slots__ = ("_both",)

    def __init__(self, one: Endpoints, other: Endpoints) -> None:
        self._both = (one, other)

    def find(self, method: str, path: str) -> int | None:
        """As that of the first, None where either has none that fits."""
        one, other = (endpoints.find(method, path) for endpoints in self._both)
        return None if other is None else one


class _Matcher:
    """The patterns that count for one method, as one expression."""

    __slots__ = ("indexes", "match")

    def __init__(self, endpoints: Sequence[tuple[str, str]], method: str) -> None:
        names = {ANY_METHOD, method} | ({"GET"} if method == "HEAD" else set())
        counted = [
            (index, path_expression(pattern))
            for index, (name, pattern) in enumerate(endpoints)
            if name in names
        ]
        self.indexes = tuple(index for index, _ in counted)
        alternatives = "|".join(f"({expression})" for _, expression in counted)
        self.match = re.compile(alternatives, re.DOTALL).match


_PATTERN: Final = re.compile(
    r"(?:(?P<scheme>https?|\*)://)?"
    r"(?P<host>\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[1-9]\d{0,4}|\*))?(?P<path>/[!-~]*)?"
)
_PAGE: Final = re.compile(
    r"(https?)://(?:[^\s/?#@\\]*@)?(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)"
    r"(?::(\d{1,5}))?(/[^\s?#\\]*)?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE,
)
_is_normal: Final = re.compile(
    r"https?://[a-z0-9_.-]++(?:/[!\"$-<>@-\[\]-~=]*+)?"
).fullmatch
"""Most pages at one look: those that `normal_page` would tell as they are."""
_USUAL_PORTS: Final = {"http": "80", "https": "443"}


class Referrers:
    """Web pages from which a key may be used.

    A pattern is `[scheme://]host[:port][/path]`. `*.example.com` is the
    domain and everything below it; an IPv6 host stands in brackets. Without
    a scheme both http and https fit; without a port the scheme's own, and
    `*` is any. In a path `*` stands for one segment or a part of one, at its
    end for any rest. A pattern with a path needs a referrer that tells its
    path, so an Origin alone is refused.
    """

    __slots__ = ("_match",)

    def __init__(self, patterns: Iterable[str]) -> None:
        alternatives = "|".join(referrer_expression(text) for text in patterns)
        self._match = re.compile(alternatives, re.DOTALL).match

    def admit(self, referrer: str, origin: str) -> bool:
        """Whether the page that `Referer`, or else `Origin`, names may call."""
        text = referrer or origin
        page = text if _is_normal(text) else normal_page(text)
        return page is not None and self._match(page) is not None


class BothReferrers(Referrers):
    """What two keys allow, both of which must."""

    __slots__ = ("_both",)

    def __init__(self, one: Referrers, other: Referrers) -> None:
        self._both = (one, other)

    def admit(self, referrer: str, origin: str) -> bool:
        """Whether both let the page call."""
        return all(pages.admit(referrer, origin) for pages in self._both)


def referrer_expression(text: str) -> str:
    """The regular expression over `normal_page` of a referrer pattern.

    Raises ValueError when `text` is no such pattern.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or int((match["port"] or "1").replace("*", "1")) > 65535:
        raise ValueError("a referrer is [scheme://]host[:port][/path], as *.example.com/*")
    scheme, host, path = match["scheme"], _host(match["host"]), match["path"]
    schemes = _USUAL_PORTS if scheme in (None, "*") else (scheme,)
    starts = "|".join(f"{one}://{host}{_port(one, match['port'])}" for one in schemes)
    if path in (None, "/", "/*"):
        return rf"(?:{starts})(?:/.*)?\Z"
    return f"(?:{starts}){glob_expression(path[:-1] + '**' if path[-1] == '*' else path)}"


def origin_expression(text: str) -> str:
    """As `referrer_expression`, of a pattern that names no path, as an Origin doesn't."""
    match = _PATTERN.fullmatch(text)
    if match is None or match["path"] is not None:
        raise ValueError("an origin is [scheme://]host[:port], as https://*.example.com")
    return referrer_expression(text)


def _host(host: str) -> str:
    if host == "*":
        return r"(?:\[[^/\]]+\]|[^/:]+)"
    if host.startswith("["):
        return re.escape(f"[{IPv6Address(host[1:-1])}]")
    below = host.startswith("*.")
    name = host.removeprefix("*.").encode("idna").decode("ascii").lower()
    return ("(?:[^/:.]++\\.)*?" if below else "") + re.escape(name)


def _port(scheme: str, port: str | None) -> str:
    if port == "*":
        return r"(?::\d+)?"
    return "" if port in (None, _USUAL_PORTS[scheme]) else f":{port}"


def normal_page(text: str) -> str | None:
    """`scheme://host[:port][/path]`, in lower case up to the path, or None.

    The scheme's own port, user names, query and fragment are dropped.
    """
    match = _PAGE.fullmatch(text)
    if match is None:
        return None
    scheme, host, port, path = match.groups("")
    scheme = scheme.lower()
    where = "" if port in ("", _USUAL_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host.lower()}{where}{path}"

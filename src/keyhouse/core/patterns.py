"""Patterns for paths and web pages, compiled to one matcher when loaded."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
)
ANY_METHOD = "*"


def path_expression(pattern: str) -> str:
    """The regular expression of a path pattern.

    `*` stands for one segment or a part of one, `**` for any rest, and
    `{name}` for one whole segment. Everything else is literal.

    Raises ValueError when the pattern does not begin with `/`.
    """
    if not pattern.startswith("/"):
        raise ValueError("a path pattern begins with /")
    parts = re.split(r"(\*\*|\*|\{[A-Za-z_][A-Za-z0-9_]*\})", pattern)
    rest = {"**": ".*", "*": "[^/]*"}
    return "".join(
        re.escape(part) if index % 2 == 0 else rest.get(part, "[^/]+")
        for index, part in enumerate(parts)
    )


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

    __slots__ = ("_match",)

    def __init__(self, endpoints: Sequence[tuple[str, str]]) -> None:
        alternatives = []
        for method, pattern in endpoints:
            verbs = {ANY_METHOD: "[A-Z]+", "GET": "(?:GET|HEAD)"}.get(method, method)
            alternatives.append(f"({verbs} {path_expression(pattern)})")
        self._match = re.compile("|".join(alternatives), re.DOTALL).fullmatch

    def find(self, method: str, path: str) -> int | None:
        """The index of the first pattern that fits, None when none does."""
        match = self._match(f"{method} {path}")
        return None if match is None or not match.lastindex else match.lastindex - 1


_REFERRER = re.compile(
    r"(?:(?P<scheme>https?|\*)://)?(?P<host>\*|(?:\*\.)?[^/:*\s]+)"
    r"(?::(?P<port>\d{1,5}|\*))?(?P<path>/\S*)?"
)


class Referrers:
    """Web pages from which a key may be used.

    A pattern is `[scheme://]host[:port][/path]`. `*.example.com` is the
    domain and everything below it. Without a scheme both http and https
    fit; without a port the scheme's own; `*` ends a path. A pattern with a
    path needs a referrer that tells its path, so an Origin alone is refused.
    """

    __slots__ = ("_match",)

    def __init__(self, patterns: Iterable[str]) -> None:
        alternatives = "|".join(referrer_expression(text) for text in patterns)
        self._match = re.compile(alternatives).fullmatch

    def admit(self, referrer: str, origin: str) -> bool:
        """Whether the page that `Referer`, or else `Origin`, names may call."""
        page = normal_page(referrer or origin)
        return page is not None and self._match(page) is not None


def referrer_expression(text: str) -> str:
    """The regular expression over `normal_page` of a referrer pattern.

    Raises ValueError when `text` is no such pattern.
    """
    match = _REFERRER.fullmatch(text)
    if match is None:
        raise ValueError("a referrer is [scheme://]host[:port][/path], as *.example.com/*")
    scheme, host, port, path = match["scheme"], match["host"], match["port"], match["path"]
    schemes = "https?" if scheme in (None, "*") else scheme
    if host == "*":
        hosts = "[^/:]+"
    elif host.startswith("*."):
        hosts = rf"(?:[^/:]+\.)?{re.escape(host[2:].lower())}"
    else:
        hosts = re.escape(host.lower())
    ports = r":\d+" if port == "*" else re.escape(f":{port}") if port else ""
    paths = ".*" if path in (None, "/", "/*") else _path_prefix(path)
    return f"{schemes}://{hosts}{ports}{paths}"


def _path_prefix(path: str) -> str:
    return "[^/]*".join(re.escape(p) for p in path[:-1].split("*")) + (
        ".*" if path.endswith("*") else re.escape(path[-1])
    )


def normal_page(text: str) -> str | None:
    """`scheme://host[:port]/path` in lower case up to the path, or None.

    The scheme's own port, user names, query and fragment are dropped.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    usual = 80 if parts.scheme == "http" else 443
    where = host if port in (None, usual) else f"{host}:{port}"
    return f"{parts.scheme}://{where}{parts.path}"

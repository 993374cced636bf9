"""Forward-auth: another proxy asks whether a request may pass, and passes it itself.

Two forms, for proxies differ in what they can send. With
`/.keyhouse/v1/authorize?api=weather` the request is told by X-Forwarded-Method
and X-Forwarded-Uri (nginx, Traefik, Caddy). With `/.keyhouse/v1/authorize/weather/…`
it is the method and the rest of the path (Envoy). Both are answered with the
real status; what the upstream is to be told is in the answer's headers.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs

from keyhouse.core import answers
from keyhouse.core.credentials import choose
from keyhouse.core.decision import LINES_MAX, Decision
from keyhouse.core.paths import plain_path
from keyhouse.core.records import ApiRecord, Line
from keyhouse.core.request import Request
from keyhouse.core.secret import without_secret
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look, refuse
from keyhouse.doors.gateway.faces import identity_lines, limit_lines
from keyhouse.doors.gateway.query import cut_parameter

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange

PATH: Final = "/.keyhouse/v1/authorize"
DOOR: Final = "authorize"
STATUS_HEADER: Final = "Keyhouse-Status"
"""Tells the status of a refusal that had to travel as another one."""

_METHOD_HEADER: Final = b"x-forwarded-method"
_URI_HEADER: Final = b"x-forwarded-uri"
_PASSED_BY_NGINX: Final = (401, 403)
NOT_TRUSTED: Final = refuse.Problem(
    403,
    "proxy_not_trusted",
    "Not a trusted proxy",
    "Only proxies may ask here: name this one's network in gateway.trusted_proxies.",
)


class Asked(NamedTuple):
    """What the proxy asks about. `method` is None where it told none.

    `path` is below the API's root, and no plain path where it is not known which
    endpoint is asked about: no check of endpoints passes it. `told` is the path as it
    was told. `refuse_as` replaces statuses that the proxy would not pass on.
    """

    slug: str
    method: str | None
    path: str
    told: bytes
    query: bytes
    refuse_as: int | None


class Options(NamedTuple):
    """What a proxy's configuration says, with each question: see `Asked`.

    `prefix` is plain and ends with no slash: `""` is the root.
    """

    slug: str
    prefix: str
    refuse_as: int | None


class AuthorizeCall:
    """One question of a proxy."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._plane = exchange.caller.gate.plane
        self._asked: Asked
        self._api: ApiRecord | None = None

    def begin(self) -> None:
        """Find out what is asked, and about which API."""
        exchange = self._exchange
        if not exchange.caller.trusted:
            exchange.fail(NOT_TRUSTED)
            return
        asked = _read(exchange)
        if isinstance(asked, refuse.Problem):
            exchange.fail(asked)
            return
        self._asked = asked
        found = self._plane.verifier.api(asked.slug, exchange.seen.address)
        exchange.caller.wait(found, self._found)

    def _found(self, api: "ApiRecord | Verdict | Exception | None") -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if api is None:
            self._answer(refuse.of_problem(refuse.API_NOT_FOUND, exchange.request_id()))
        elif isinstance(api, ApiRecord):
            self._api = api
            self._verify(api)
        else:
            self._decided(Decision(Verdict.UNAVAILABLE, self._plane.now_us()))

    def _verify(self, api: ApiRecord) -> None:
        """Ask for the decision on the request that the proxy holds."""
        exchange, asked = self._exchange, self._asked
        parameter, query = _parameter(asked.query, api)
        secret, refusal, _, exchange.key_id, token = choose(
            closer_look.key_of(exchange, api), exchange.authorization, parameter
        )
        if exchange.exposed:
            self._asked = asked._replace(path=without_secret(asked.path, secret))
            closer_look.flag_exposed(exchange, secret, api.slug)
            secret, refusal = None, Verdict.TLS_REQUIRED
        if secret is None:
            now_us = self._plane.now_us()
            self._decided(Decision(refusal or Verdict.MISSING, now_us))
            return
        target = b"%b?%b" % (asked.told, query) if query else asked.told
        if closer_look.holds(target, secret) or (
            token is not None and closer_look.holds(target, token)
        ):
            # It would go on to the upstream, and into logs.
            self._answer(refuse.of_problem(refuse.KEY_IN_PATH, exchange.request_id()))
            return
        closer_look.name_app(exchange)
        seen = exchange.seen
        outcome = self._plane.verifier.verify(
            Request(
                secret,
                api.slug,
                seen.address,
                asked.method,
                asked.path,
                exchange.referrer,
                exchange.origin,
                exchange.app,
                seen.tls,
                key_id=exchange.key_id,
                browser=exchange.browser,
                token=token,
            )
        )
        exchange.caller.wait(outcome, self._decided)

    def _decided(self, outcome: Decision | Exception) -> None:
        exchange, asked, plane = self._exchange, self._asked, self._plane
        if not isinstance(outcome, Decision):
            outcome = Decision(Verdict.UNAVAILABLE, plane.now_us())
        if exchange.over:
            plane.verifier.release(outcome)
            return
        if not exchange.count(
            outcome,
            self._api,
            door=DOOR,
            method=asked.method or "",
            path=f"/{asked.slug}{asked.path}",
            address=exchange.seen.address,
        ):
            outcome = Decision(Verdict.UNAVAILABLE, outcome.at_us)
        if outcome.verdict is Verdict.VALID:
            exchange.reply(_allowed(outcome))
        else:
            self._answer(refuse.of_verdict(outcome, exchange.request_id()))

    def _answer(self, answer: refuse.Answer) -> None:
        """Refuse, by another status where the proxy would make a 500 of the right one."""
        told = b"%s: %d\r\n" % (STATUS_HEADER.encode(), answer.status)
        status = answer.status
        if self._asked.refuse_as is not None and status not in _PASSED_BY_NGINX:
            status = self._asked.refuse_as
        self._exchange.reply(
            refuse.Answer(status, answer.content_type, answer.body, answer.headers + told)
        )


def _allowed(decision: Decision) -> refuse.Answer:
    """The answer to a request that may pass: what the upstream is to be told."""
    line = decision.line
    if line is None:
        raise ValueError("a decision without a line allows nothing")
    told = _template(line) % decision.left
    if line.notice is not None:
        told += refuse.header_lines(answers.notice_headers(decision))
    return refuse.Answer(200, "text/plain", b"", told)


@lru_cache(LINES_MAX)
def _template(line: Line) -> bytes:
    """The headers that stay the same from one good answer of a key to the next: `%d`

    twice for each limit. All identity headers are there, empty if need be: what a
    proxy copies then replaces whatever the caller wrote into a header of that name.
    """
    return identity_lines(line).replace(b"%", b"%%") + limit_lines(line)


def _read(exchange: "Exchange") -> Asked | refuse.Problem:
    """What is asked, from either form."""
    below = exchange.path.removeprefix(PATH)
    if below:
        slug, slash, rest = below[1:].partition("/")
        told, query = rest.encode("latin-1", "replace"), exchange.query
        return Asked(slug, exchange.method, slash + rest or "/", told, query, None)
    options = _options(exchange.query)
    if isinstance(options, refuse.Problem):
        return options
    methods = exchange.take_header(_METHOD_HEADER)
    targets = exchange.take_header(_URI_HEADER)
    if len(methods) > 1 or len(targets) > 1:
        return refuse.bad_request("X-Forwarded-Method or X-Forwarded-Uri came twice.")
    told, _, query = targets[0].partition(b"?") if targets else (b"", b"", b"")
    if not methods:
        return Asked(options.slug, None, "", told, query, options.refuse_as)
    method = methods[0].decode("latin-1").upper()
    path = _below(told.decode("latin-1"), options.prefix) if targets else ""
    return Asked(options.slug, method, path, told, query, options.refuse_as)


@lru_cache(maxsize=256)
def _options(query: bytes) -> Options | refuse.Problem:
    """Remembered: a proxy puts the same with each question."""
    options = parse_qs(query.decode("latin-1"))
    slug = options.get("api", [""])[-1]
    if not slug:
        return refuse.bad_request(f"Say which API: {PATH}?api=its-slug.")
    refuse_as = options.get("refuse_as", [""])[-1]
    if refuse_as not in ("", "403"):
        return refuse.bad_request("refuse_as is 403, or is left out.")
    prefix = plain_path(options.get("prefix", [""])[-1] or "/")
    if prefix is None:
        return refuse.bad_request("prefix is a path, and has one reading.")
    return Options(slug, prefix.rstrip("/"), int(refuse_as) if refuse_as else None)


def _below(path: str, prefix: str) -> str:
    """The path below the API's root.

    A proxy sends here what lies below `prefix` once it is decoded, so the plain path
    is what it is cut from. A path elsewhere is empty, one with two readings keeps
    both: neither is plain, so neither opens an endpoint.
    """
    plain = plain_path(path)
    if plain is None:
        return path.removeprefix(prefix)
    if not (plain + "/").startswith(prefix + "/"):
        return ""
    return plain[len(prefix) :] or "/"


def _parameter(query: bytes, api: ApiRecord) -> tuple[bytes | None, bytes]:
    """The credential in the query, and the query without it."""
    if api.query_parameter is None or not query:
        return None, query
    values, rest = cut_parameter(query, api.query_parameter)
    return b", ".join(values) if values else None, rest

"""`POST /.keyhouse/v1/verify`: the decision for those who serve elsewhere.

A verdict is always 200. A 4xx is about the caller of verify itself: its
management key, or a body that does not say what is to be verified.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.answers import retry_after, shown_code
from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.entities import Environment
from keyhouse.core.request import Request
from keyhouse.core.scopes import is_entry
from keyhouse.core.secret import without_secret
from keyhouse.core.transport import transport_refusal
from keyhouse.core.validation import Problem, check_entry
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look, refuse

if TYPE_CHECKING:
    from keyhouse.core.records import ApiRecord
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

SCOPE: Final = "keys:verify"
_FIELDS: Final = frozenset(
    (
        "secret",
        "api",
        "address",
        "method",
        "path",
        "referrer",
        "origin",
        "app",
        "tls",
        "environment",
        "scopes",
        "cost",
        "key_id",
        "browser",
    )
)
_COST_MAX: Final = 1_000_000_000
_SCOPES_MAX: Final = 100


class Faulty(Exception):
    """A field of the body is not what it must be."""

    def __init__(self, field: str, reason: str, mend: str, status: int = 422) -> None:
        super().__init__(reason)
        self.problem = Problem(field, reason, mend)
        self.status = status


class VerifyCall:
    """One call of verify, from the management key to the answer."""

    __slots__ = (
        "_api",
        "_body",
        "_exchange",
        "_manager",
        "_plane",
        "_refusal",
        "_request",
    )

    def __init__(self, exchange: "Exchange", body: bytes) -> None:
        self._exchange = exchange
        self._body = body
        self._plane = exchange.caller.gate.plane
        self._manager: Manager | None = None
        self._request: Request | None = None
        self._refusal: Verdict | None = None
        self._api: ApiRecord | None = None

    def begin(self) -> None:
        """Check who asks."""
        exchange = self._exchange
        chosen = choose(exchange.key, exchange.authorization, None)
        if exchange.exposed:
            exchange.key_id = chosen.key_id
            closer_look.flag_exposed(exchange, chosen.secret, "")
            self._judged(Verdict.TLS_REQUIRED)
            return
        if chosen.secret is None:
            self._judged(chosen.refusal or Verdict.MISSING)
            return
        outcome = self._plane.verifier.management(
            chosen.secret, exchange.seen.address, chosen.key_id
        )
        exchange.caller.wait(outcome, self._judged)

    def _judged(self, manager: "Manager | Verdict | Exception") -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if isinstance(manager, Exception):
            manager = Verdict.UNAVAILABLE
        if isinstance(manager, Verdict):
            exchange.reply(refuse.of_caller(manager, exchange.request_id()))
            return
        if not manager.holds(SCOPE):
            lacking = Decision(Verdict.SCOPE_MISSING, 0, scopes_missing=(SCOPE,))
            exchange.reply(refuse.of_verdict(lacking, exchange.request_id()))
            return
        self._manager = manager
        try:
            self._request, self._refusal = read(self._body)
        except Faulty as faulty:
            self._refuse(faulty)
            return
        found = self._plane.verifier.api(self._request.api, exchange.seen.address)
        exchange.caller.wait(found, self._found)

    def _found(self, api: "ApiRecord | Verdict | Exception | None") -> None:
        exchange, manager, request = self._exchange, self._manager, self._request
        if exchange.over or manager is None or request is None:
            return
        if isinstance(api, Verdict | Exception):
            exchange.fail(refuse.UNAVAILABLE)
            return
        if api is None or not manager.may(SCOPE, project_id=api.project_id, api_id=api.id):
            # The same words for one that is not there as for somebody else's.
            reason = "names no API that this key may verify for"
            mend = "send the slug of one for which the key has keys:verify"
            self._refuse(Faulty("api", reason, mend, 404))
            return
        self._api = api
        required = exchange.gate.config.require_tls
        refusal = transport_refusal(tls=request.tls, require_tls=required)
        if refusal is not None:
            exposed = self._plane.verifier.exposed(request)
            self._plane.resolver.resolve(exposed, closer_look.by_and_by)
        refusal = refusal or self._refusal
        if refusal is not None:
            self._decided(Decision(refusal, self._plane.now_us()))
            return
        exchange.caller.wait(self._plane.verifier.verify(request), self._decided)

    def _decided(self, outcome: Decision | Exception) -> None:
        exchange, request = self._exchange, self._request
        if not isinstance(outcome, Decision):
            outcome = Decision(Verdict.UNAVAILABLE, self._plane.now_us())
        if exchange.over or request is None:
            self._plane.verifier.release(outcome)
            return
        path = without_secret(f"/{request.api}{request.path or ''}", request.secret)
        if not exchange.count(
            outcome,
            self._api,
            method=request.method or "",
            path=path,
            address=request.address,
        ):
            exchange.fail(refuse.UNAVAILABLE)
            return
        body = refuse.to_json(told(outcome, exchange.request_id()))
        exchange.reply(refuse.Answer(200, "application/json", body))

    def _refuse(self, faulty: Faulty) -> None:
        exchange = self._exchange
        code = {400: "bad_json", 404: "api_not_found"}.get(faulty.status, "bad_field")
        told = faulty.problem
        body = {
            "type": f"urn:keyhouse:problem:{code}",
            "title": "The request cannot be understood",
            "status": faulty.status,
            "detail": f"{told.field}: {told.reason}; {told.mend}.",
            "code": code,
            "request_id": exchange.request_id(),
            "errors": [told._asdict()],
        }
        exchange.reply(
            refuse.Answer(faulty.status, "application/problem+json", refuse.to_json(body))
        )


def read(body: bytes) -> tuple[Request, Verdict | None]:
    """The request that a body describes, and the refusal of its secret if it is none.

    Raises Faulty, which names the field.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Faulty("body", "is not JSON", "send one JSON object in UTF-8", 400) from None
    if not isinstance(given, dict):
        raise Faulty("body", "is not a JSON object", "send one object")
    for name in given:
        if name not in _FIELDS:
            mend = f"leave it out; the fields are {', '.join(sorted(_FIELDS))}"
            raise Faulty(name[:64], "is not a field of verify", mend)
    chosen = choose(
        _text(given, "secret", required=True).encode("utf-8", "replace"), None, None
    )
    request = Request(
        chosen.secret,
        _text(given, "api", required=True),
        _address(given),
        _text(given, "method").upper() or None,
        _path(given),
        _text(given, "referrer"),
        _text(given, "origin"),
        _text(given, "app"),
        _flag(given, "tls"),
        _environment(given),
        _scopes(given),
        _cost(given),
        _key_id(given),
        _flag(given, "browser") or bool(given.get("origin")),
    )
    return request, chosen.refusal


def _text(given: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        reason = "is missing" if value is None else "is not a string"
        raise Faulty(name, reason, "send a string")
    return value


def _address(given: dict[str, Any]) -> int:
    text = _text(given, "address")
    try:
        return parse_address(text) if text else UNKNOWN
    except ValueError:
        mend = "send an IPv4 or IPv6 address, as 203.0.113.9"
        raise Faulty("address", "is no address", mend) from None


def _path(given: dict[str, Any]) -> str | None:
    path = _text(given, "path").partition("?")[0]
    if path and not path.startswith("/"):
        mend = "send what comes below the API's root, as /forecast"
        raise Faulty("path", "does not begin with /", mend)
    return path or None


def _key_id(given: dict[str, Any]) -> str | None:
    return _text(given, "key_id") if given.get("key_id") is not None else None


def _flag(given: dict[str, Any], name: str) -> bool:
    flag = given.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise Faulty(name, "is not a boolean", "send true or false")
    return bool(flag)


def _environment(given: dict[str, Any]) -> str | None:
    environment = _text(given, "environment")
    if environment and environment not in tuple(Environment):
        raise Faulty("environment", "is no environment", "choose live or test")
    return environment or None


def _scopes(given: dict[str, Any]) -> tuple[str, ...]:
    scopes = given.get("scopes")
    if scopes is None:
        return ()
    if not isinstance(scopes, list) or len(scopes) > _SCOPES_MAX:
        mend = f"send a list of at most {_SCOPES_MAX} scopes"
        raise Faulty("scopes", "is no list, or too long", mend)
    for place, scope in enumerate(scopes):
        if not isinstance(scope, str):
            raise Faulty(f"scopes.{place}", "is no scope", "write it as resource:action")
        if not is_entry(scope):
            [problem, *_] = check_entry(f"scopes.{place}", scope)
            raise Faulty(*problem)
    return tuple(scopes)


def _cost(given: dict[str, Any]) -> int | None:
    cost = given.get("cost")
    if cost is None:
        return None
    if isinstance(cost, bool) or not isinstance(cost, int) or not 0 <= cost <= _COST_MAX:
        mend = f"send one from 0 to {_COST_MAX}"
        raise Faulty("cost", "is no such whole number", mend)
    return cost


def told(decision: Decision, request_id: str) -> dict[str, Any]:
    """The answer's body."""
    key, application = decision.key, decision.application
    body: dict[str, Any] = {
        "allowed": decision.allowed,
        "code": shown_code(decision.verdict),
        "status": decision.verdict.status,
        "detail": decision.verdict.detail,
        "request_id": request_id,
        "key": key and {"id": key.id, "name": key.name, "environment": key.environment},
        "application": application
        and {
            "id": application.id,
            "name": application.name,
            "external_id": application.external_id,
        },
        "customer": decision.customer,
        "subject": decision.subject,
        "scopes": sorted(decision.scopes),
        "scopes_missing": list(decision.scopes_missing),
        "limits": [
            {**limit._asdict(), "kind": limit.kind.value} for limit in decision.limits
        ],
        "retry_after": None if decision.retry_us is None else retry_after(decision),
    }
    return body

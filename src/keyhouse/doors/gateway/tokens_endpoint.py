"""`/.keyhouse/v1/tokens`: mint a user's token with a key, ask about it, revoke it.

Minting is a token exchange in the form of RFC 8693, where the key is the
client and what is exchanged is the name of a user. Introspection follows RFC
7662, revocation RFC 7009. Bodies are forms, as there, or JSON. Minting is counted
as a call of the key.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.entities import KeyKind
from keyhouse.core.request import Request
from keyhouse.core.secret import kind_of
from keyhouse.core.usage import MINTING
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look, refuse
from keyhouse.doors.gateway.managers import SCOPE, admit
from keyhouse.doors.gateway.token_body import (
    ACCESS_TOKEN,
    Revocation,
    Wanted,
    read_mint,
    read_revocation,
    read_token,
)
from keyhouse.doors.gateway.verify_answer import problem
from keyhouse.doors.gateway.verify_body import Faulty

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyhouse.core.records import Line
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Holder, KnownToken, Manager, Users

MINT: Final = "/.keyhouse/v1/tokens"
INTROSPECT: Final = "/.keyhouse/v1/tokens/introspect"
REVOKE: Final = "/.keyhouse/v1/tokens/revoke"
UNSIGNED: Final = refuse.Problem(
    503, "token_unsigned", "No signing key", "The server has no key to sign tokens with."
)
NOT_SERVER: Final = refuse.Problem(
    403,
    "server_key_needed",
    "A server key is needed",
    "Tokens of users are minted and revoked with a server key, on a server.",
)
_BAD: Final = 400
_NOTHING: Final = Wanted("", "", "", None, None, ())


class _Call:
    """One call, from the key to the answer."""

    __slots__ = ("_body", "_exchange", "_plane")

    def __init__(self, exchange: "Exchange", body: bytes) -> None:
        self._exchange = exchange
        self._body = body
        self._plane = exchange.caller.gate.plane

    @property
    def _users(self) -> "Users":
        users = self._plane.users
        if users is None:
            raise RuntimeError("a gateway without a desk for users")
        return users

    def _request(self, api: str = "") -> Request | None:
        """Whose key it is; None where there is none, and that is told."""
        exchange, seen = self._exchange, self._exchange.seen
        chosen = choose(exchange.key, exchange.authorization, None)
        exchange.key_id = chosen.key_id
        refusal = chosen.refusal
        if exchange.exposed:
            closer_look.flag_exposed(exchange, chosen.secret, api)
            refusal = Verdict.TLS_REQUIRED
        if chosen.secret is None or refusal is not None:
            self._refuse(refusal or Verdict.MISSING)
            return None
        closer_look.name_app(exchange)
        return Request(
            chosen.secret,
            api,
            seen.address,
            exchange.method,
            None,
            exchange.referrer,
            exchange.origin,
            exchange.app,
            seen.tls,
            key_id=exchange.key_id,
            browser=exchange.browser,
        )

    def _refuse(self, verdict: Verdict) -> None:
        exchange = self._exchange
        exchange.reply(refuse.of_caller(verdict, exchange.request_id()))

    def _fault(self, faulty: Faulty, error: str = "invalid_request") -> None:
        """A problem, and in it what RFC 6749 (5.2) has for it."""
        exchange = self._exchange
        told = problem(faulty, exchange.request_id()) | {"status": _BAD, "error": error}
        told.pop("allowed")
        told["error_description"] = told["detail"]
        body = refuse.to_json(told)
        exchange.reply(refuse.Answer(_BAD, "application/problem+json", body))

    def _answer(self, body: dict[str, object]) -> None:
        answer = refuse.Answer(200, "application/json", refuse.to_json(body))
        self._exchange.reply(answer)

    def _hold(self, then: "Callable[[Holder, Request], None]") -> None:
        """Call `then` with the server key that came, if it is good."""
        request = self._request()
        if request is None:
            return
        exchange = self._exchange

        def judged(held: "Holder | Verdict | Exception") -> None:
            if exchange.over:
                return
            if isinstance(held, Exception):
                held = Verdict.UNAVAILABLE
            if isinstance(held, Verdict):
                self._refuse(held)
            else:
                exchange.know()
                then(held, request)

        exchange.caller.wait(self._users.holder(request), judged)


class MintCall(_Call):
    """A token for a user."""

    __slots__ = ("_wanted",)

    _wanted: Wanted

    def begin(self) -> None:
        """See what is asked for, and by whom."""
        try:
            self._wanted = read_mint(self._body)
        except Faulty as faulty:
            self._fault(faulty)
            return
        request = self._request(self._wanted.api)
        if request is not None:
            self._exchange.caller.wait(self._users.minter(request), self._judged)

    def refuse(self, verdict: Verdict) -> None:
        """Refuse whoever has no key, before it is known what they want."""
        self._wanted = _NOTHING
        self._refuse(verdict)

    def _refuse(self, verdict: Verdict) -> None:
        """What no key was looked at for is a call of nobody, and counted as one."""
        self._judged(Decision(verdict, self._plane.now_us(), None, MINTING))

    def _judged(self, outcome: "Decision | Exception") -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if isinstance(outcome, Exception):
            outcome = Decision(Verdict.UNAVAILABLE, self._plane.now_us(), None, MINTING)
        if not exchange.count(
            outcome,
            self._users.api(self._wanted.api),
            door="tokens",
            method="POST",
            path=MINT,
            address=exchange.seen.address,
        ):
            outcome = Decision(Verdict.UNAVAILABLE, outcome.at_us)
        line = outcome.line
        if outcome.verdict is Verdict.VALID and line is not None:
            self._mint(line)
        elif _is_no_server(outcome):
            exchange.fail(NOT_SERVER)
        else:
            told = replace(outcome, line=None, left=())
            exchange.reply(refuse.of_verdict(told, exchange.request_id()))

    def _mint(self, line: "Line") -> None:
        made = self._users.mint(line, *self._wanted[1:])
        if made is None:
            self._exchange.fail(UNSIGNED)
        elif isinstance(made, Problem):
            field, reason, mend = made
            wider = field == "scope"
            error = "invalid_scope" if wider else "invalid_request"
            self._fault(Faulty(field, reason, mend), error)
        else:
            self._answer(
                {
                    "access_token": made.text,
                    "issued_token_type": ACCESS_TOKEN,
                    "token_type": "Bearer",
                    "expires_in": made.seconds,
                    "scope": " ".join(made.scopes),
                    "jti": made.id,
                }
            )


class RevokeCall(_Call):
    """Tokens that are to be refused from now on."""

    __slots__ = ("_wanted",)

    _wanted: Revocation

    def begin(self) -> None:
        """See what is to be revoked, and by whom."""
        try:
            self._wanted = read_revocation(self._body)
        except Faulty as faulty:
            self._fault(faulty)
            return
        self._hold(self._found)

    def _found(self, held: "Holder", request: Request) -> None:
        wanted, exchange = self._wanted, self._exchange
        if wanted.kind is not None:
            self._write(held, request, wanted.kind.value, wanted.value)
            return

        def known(token: "KnownToken | Verdict | Exception") -> None:
            if exchange.over:
                return
            if isinstance(token, Exception) or token is Verdict.UNAVAILABLE:
                exchange.fail(refuse.UNAVAILABLE)
            elif isinstance(token, Verdict) or not _is_of(token, held):
                # What opens nothing is revoked as it is (RFC 7009, 2.2).
                self._answer({})
            else:
                self._write(held, request, "token", token.token.id)

        address = exchange.seen.address
        exchange.caller.wait(self._users.known(wanted.token, address), known)

    def _write(self, held: "Holder", request: Request, kind: str, value: str) -> None:
        exchange = self._exchange
        told = exchange.request_id()
        work = self._users.revoke(held, kind, value, request, told)
        exchange.caller.wait(work, self._written)

    def _written(self, outcome: object) -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if isinstance(outcome, Problem):
            field, reason, mend = outcome
            self._fault(Faulty(field, reason, mend))
        elif isinstance(outcome, Exception):
            exchange.fail(refuse.UNAVAILABLE)
        else:
            self._answer({})


class IntrospectCall(_Call):
    """What a token says, if it is good; for its application, and for managers."""

    __slots__ = ("_token",)

    _token: bytes

    def begin(self) -> None:
        """See which token, and who asks."""
        try:
            self._token = read_token(self._body)
        except Faulty as faulty:
            self._fault(faulty)
            return
        exchange = self._exchange
        chosen = choose(exchange.key, exchange.authorization, None)
        if chosen.secret is not None and kind_of(chosen.secret) is KeyKind.MANAGEMENT:
            admit(exchange, self._for_manager)
        else:
            self._hold(self._for_holder)

    def _for_manager(self, manager: "Manager") -> None:
        def may(token: "KnownToken") -> bool:
            api = token.line.api
            return manager.may(SCOPE, project_id=api.project_id, api_id=api.id)

        self._look(may)

    def _for_holder(self, held: "Holder", _request: Request) -> None:
        self._look(lambda token: _is_of(token, held))

    def _look(self, may: "Callable[[KnownToken], bool]") -> None:
        exchange = self._exchange

        def known(token: "KnownToken | Verdict | Exception") -> None:
            if exchange.over:
                return
            if isinstance(token, Exception) or token is Verdict.UNAVAILABLE:
                exchange.fail(refuse.UNAVAILABLE)
            elif isinstance(token, Verdict) or not may(token):
                self._answer({"active": False})
            else:
                self._answer(_told(token))

        address = exchange.seen.address
        exchange.caller.wait(self._users.known(self._token, address), known)


def _is_no_server(outcome: Decision) -> bool:
    """Whether a key was refused that opens the API, for what it is alone."""
    line = outcome.line
    return (
        outcome.verdict is Verdict.API_NOT_ALLOWED
        and line is not None
        and line.grant is not None
        and line.key.kind is not KeyKind.SERVER
    )


def _is_of(token: "KnownToken", held: "Holder") -> bool:
    return token.token.application_id == held.application.id


def _told(known: "KnownToken") -> dict[str, object]:
    """By the names of RFC 7662 (2.2), and `key`, which minted it."""
    token, scopes = known.token, known.line.grant
    told: dict[str, object] = {
        "active": True,
        "scope": " ".join(sorted(scopes.scopes)) if scopes else "",
        "client_id": token.application_id,
        "azp": token.application_id,
        "token_type": "Bearer",
        "exp": token.ends_us // 1_000_000,
        "iat": token.issued_us // 1_000_000,
        "sub": token.subject,
        "aud": token.api_id,
        "iss": token.issuer,
        "jti": token.id,
        "key": token.key_id,
    }
    return told | {"sid": token.session} if token.session else told

"""The gateway's own addresses, below `/.keyhouse/`."""

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final, Protocol

from keyhouse.core.credentials import Chosen
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import (
    apis_endpoint,
    authorize_endpoint,
    changes_endpoint,
    first_look,
    refuse,
    reservations_endpoint,
    tokens_endpoint,
    verify_endpoint,
    verify_memory,
)

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange


class _BodyCall(Protocol):
    """A call whose body has come."""

    def begin(self) -> None:
        """Answer it."""


LIVE: Final = "/.keyhouse/live"
READY: Final = "/.keyhouse/ready"
KEY_SET: Final = "/.keyhouse/jwks.json"
VERIFY: Final = verify_memory.VERIFY
AUTHORIZE: Final = authorize_endpoint.PATH
CHANGES: Final = changes_endpoint.PATH
APIS: Final = apis_endpoint.PREFIX
RESERVATIONS: Final = reservations_endpoint.PREFIX
BODY_BYTES_MAX: Final = 65_536
STRANGER_BYTES_MAX: Final = 4096
"""So much of a body is waited for before it is known whose it is; a head takes more."""
KEY_SET_KEPT: Final = b"public, max-age=300"
"""How long others may keep our public keys. A new one is told before it signs much:

who meets a `kid` that is not known asks again, as JWT libraries do.
"""
_WITH_BODY: Final[Mapping[str, Callable[["Exchange", bytes], _BodyCall]]] = {
    VERIFY: verify_endpoint.VerifyCall,
    tokens_endpoint.MINT: tokens_endpoint.MintCall,
    tokens_endpoint.REVOKE: tokens_endpoint.RevokeCall,
    tokens_endpoint.INTROSPECT: tokens_endpoint.IntrospectCall,
}


def begin(exchange: "Exchange") -> None:
    """Answer a request for one of our own addresses, or wait for its body."""
    path = exchange.path
    if path in _WITH_BODY or path.startswith(RESERVATIONS):
        _begin_body(exchange)
    elif path == AUTHORIZE or path.startswith(f"{AUTHORIZE}/"):
        authorize_endpoint.AuthorizeCall(exchange).begin()
    elif path not in (LIVE, READY, KEY_SET, CHANGES) and not path.startswith(APIS):
        exchange.fail(refuse.NOT_FOUND)
    elif exchange.method not in ("GET", "HEAD"):
        exchange.fail(refuse.GET_ONLY)
    elif path == CHANGES:
        changes_endpoint.ChangesCall(exchange).begin()
    elif path.startswith(APIS):
        apis_endpoint.ApiCall(exchange).begin()
    elif path == KEY_SET:
        exchange.reply(_key_set(exchange))
    elif path == READY and not exchange.caller.gate.plane.ready():
        exchange.reply(refuse.Answer(503, "application/json", b'{"status":"not_ready"}'))
    else:
        told = b'{"status":"live"}' if path == LIVE else b'{"status":"ready"}'
        exchange.reply(refuse.Answer(200, "application/json", told))


def verify(exchange: "Exchange", chosen: Chosen, body: bytes) -> None:
    """Answer a call of verify, whose head is known and whose body came with it."""
    exchange.begun_ns = perf_counter_ns()
    exchange.complete = exchange.received = exchange.keep = True
    exchange.method, exchange.path = "POST", VERIFY
    exchange.bytes_in = len(body)
    verify_endpoint.VerifyCall(exchange, body).begin_as(chosen)


def _key_set(exchange: "Exchange") -> refuse.Answer:
    """The public keys of what we sign."""
    signer = exchange.gate.plane.signer
    told = {"keys": []} if signer is None else signer.key_set()
    body = refuse.to_json(told)
    return refuse.Answer(200, "application/jwk-set+json", body, cache=KEY_SET_KEPT)


def _begin_body(exchange: "Exchange") -> None:
    if exchange.method != "POST":
        exchange.fail(refuse.POST_ONLY)
    elif exchange.length is not None and exchange.length > BODY_BYTES_MAX:
        exchange.fail(refuse.BODY_TOO_LARGE)
    else:
        exchange.collected, exchange.body = exchange.body, []
        exchange.rare = True
        length = exchange.length
        if exchange.received:
            collected(exchange)
        elif length is not None and length <= STRANGER_BYTES_MAX:
            _await(exchange)
        else:
            refused, then = partial(_refuse, exchange), partial(_await, exchange)
            first_look.look(exchange, refused, then)


def _await(exchange: "Exchange") -> None:
    """Take the rest of a body. All of it has to come in time."""
    if exchange.expect:
        exchange.caller.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    config, watch = exchange.gate.config, exchange.gate.watch
    exchange.caller.deadline = watch.after(config.head_seconds_max)


def _refuse(exchange: "Exchange", verdict: Verdict) -> None:
    if exchange.path == tokens_endpoint.MINT:
        tokens_endpoint.MintCall(exchange, b"").refuse(verdict)
    else:
        exchange.reply(refuse.of_caller(verdict, exchange.request_id()))


def collected(exchange: "Exchange") -> None:
    """More of a body that we read ourselves has come."""
    if exchange.bytes_in > BODY_BYTES_MAX:
        exchange.fail(refuse.BODY_TOO_LARGE)
    elif exchange.received:
        body = b"".join(exchange.collected or ())
        exchange.collected = None
        settle = reservations_endpoint.SettleCall
        _WITH_BODY.get(exchange.path, settle)(exchange, body).begin()

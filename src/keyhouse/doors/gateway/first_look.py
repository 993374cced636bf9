"""Who sends a long body that we read ourselves, and that has yet to come, has a key.

Strangers are answered at the head: what they might send is kept by nobody.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import choose
from keyhouse.core.entities import KeyKind
from keyhouse.core.request import Request
from keyhouse.core.secret import kind_of
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange

_NOBODY: Final = frozenset((Verdict.MALFORMED, Verdict.UNKNOWN, Verdict.UNAVAILABLE))
"""Who has no key, or of whom it can't be found out. Any other one is refused by name."""


def look(
    exchange: "Exchange", refused: Callable[[Verdict], None], then: Callable[[], None]
) -> None:
    """Call `then` once it is seen that there is a key, whatever that may do.

    It is not called where the whole body has come, and was begun on, before.
    """
    chosen = choose(exchange.key, exchange.authorization, None)
    exchange.key_id = chosen.key_id
    if exchange.exposed:
        closer_look.flag_exposed(exchange, chosen.secret, "")
        refused(Verdict.TLS_REQUIRED)
    elif chosen.secret is None or chosen.refusal is not None:
        refused(chosen.refusal or Verdict.MISSING)
    else:
        seen = partial(_seen, exchange, refused, then)
        exchange.caller.wait(_holder(exchange, chosen.secret), seen)


def _holder(exchange: "Exchange", secret: bytes) -> object:
    plane, address = exchange.gate.plane, exchange.seen.address
    if plane.users is None or kind_of(secret) is KeyKind.MANAGEMENT:
        return plane.verifier.management(secret, address, exchange.key_id)
    return plane.users.holder(
        Request(secret, "", address, tls=exchange.seen.tls, key_id=exchange.key_id)
    )


def _seen(
    exchange: "Exchange",
    refused: Callable[[Verdict], None],
    then: Callable[[], None],
    found: object,
) -> None:
    if exchange.over or exchange.collected is None:
        return
    if isinstance(found, Exception):
        found = Verdict.UNAVAILABLE
    if isinstance(found, Verdict) and found in _NOBODY:
        refused(found)
    else:
        then()

"""Who asks at an endpoint for those who verify elsewhere."""

from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import choose
from keyhouse.core.decision import Decision
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import closer_look, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

SCOPE: Final = "keys:verify"


def admit(exchange: "Exchange", then: "Callable[[Manager], None]") -> None:
    """Call `then` with the holder of a management key that may verify for anything.

    Anybody else is answered with the reason.
    """

    def judged(manager: "Manager | Verdict | Exception") -> None:
        if exchange.over:
            return
        if isinstance(manager, Exception):
            manager = Verdict.UNAVAILABLE
        if isinstance(manager, Verdict):
            exchange.reply(refuse.of_caller(manager, exchange.request_id()))
        elif not manager.holds(SCOPE):
            lacking = Decision(Verdict.SCOPE_MISSING, 0, scopes_missing=(SCOPE,))
            exchange.reply(refuse.of_verdict(lacking, exchange.request_id()))
        else:
            then(manager)

    chosen = choose(exchange.key, exchange.authorization, None)
    if exchange.exposed:
        exchange.key_id = chosen.key_id
        closer_look.flag_exposed(exchange, chosen.secret, "")
        judged(Verdict.TLS_REQUIRED)
        return
    if chosen.secret is None:
        judged(chosen.refusal or Verdict.MISSING)
        return
    verifier = exchange.caller.gate.plane.verifier
    address = exchange.seen.address
    outcome = verifier.management(chosen.secret, address, chosen.key_id)
    exchange.caller.wait(outcome, judged)

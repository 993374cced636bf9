"""Who asks at an endpoint for those who verify elsewhere."""

from functools import partial
from typing import TYPE_CHECKING, Final

from keyhouse.core.credentials import Chosen, choose
from keyhouse.core.decision import Decision
from keyhouse.core.pending import Pending
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
    admit_chosen(exchange, choose(exchange.key, exchange.authorization, None), then)


def admit_chosen(
    exchange: "Exchange", chosen: Chosen, then: "Callable[[Manager], None]"
) -> None:
    """As `admit`, where the credential is chosen already."""
    if exchange.exposed:
        exchange.key_id = chosen.key_id
        closer_look.flag_exposed(exchange, chosen.secret, "")
        _refuse(exchange, Verdict.TLS_REQUIRED)
        return
    if chosen.secret is None:
        _refuse(exchange, chosen.refusal or Verdict.MISSING)
        return

    verifier, address = exchange.gate.plane.verifier, exchange.seen.address
    outcome = verifier.management(chosen.secret, address, chosen.key_id)
    if isinstance(outcome, Pending):
        exchange.caller.wait(outcome, partial(_judged, exchange, then))
    else:
        _judged(exchange, then, outcome)


def _judged(
    exchange: "Exchange",
    then: "Callable[[Manager], None]",
    manager: "Manager | Verdict | Exception",
) -> None:
    if exchange.over:
        return
    if isinstance(manager, Exception):
        manager = Verdict.UNAVAILABLE
    if isinstance(manager, Verdict):
        _refuse(exchange, manager)
        return
    exchange.know()
    if not manager.holds(SCOPE):
        lacking = Decision(Verdict.SCOPE_MISSING, 0, scopes_missing=(SCOPE,))
        exchange.reply(refuse.of_verdict(lacking, exchange.request_id()))
    else:
        then(manager)


def _refuse(exchange: "Exchange", verdict: Verdict) -> None:
    exchange.reply(refuse.of_caller(verdict, exchange.request_id()))

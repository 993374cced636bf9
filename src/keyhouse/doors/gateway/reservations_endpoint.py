"""`POST /.keyhouse/v1/reservations/{id}/commit` and `/refund`: what a call came to.

Whoever may verify for an API may settle what was reserved there, at any node.
"""

import json
from typing import TYPE_CHECKING, Final

from keyhouse.core.reservations import Reservation
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.managers import SCOPE, admit
from keyhouse.doors.gateway.verify_answer import problem
from keyhouse.doors.gateway.verify_body import COST_MAX, Faulty
from keyhouse.services.reserve import Settled, Unsettled

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

PREFIX: Final = "/.keyhouse/v1/reservations/"
_COMMIT: Final = "commit"
_REFUND: Final = "refund"
_PROBLEMS: Final = {
    Unsettled.NOT_FOUND: refuse.RESERVATION_NOT_FOUND,
    Unsettled.EXPIRED: refuse.RESERVATION_EXPIRED,
    Unsettled.ENDED: refuse.RESERVATION_ENDED,
    Unsettled.UNAVAILABLE: refuse.UNAVAILABLE,
}


class SettleCall:
    """One call that settles, from the management key to the answer."""

    def __init__(self, exchange: "Exchange", body: bytes) -> None:
        self._exchange = exchange
        self._body = body
        self._plane = exchange.caller.gate.plane

    def begin(self) -> None:
        """See who asks."""
        admit(self._exchange, self._settle)

    def _settle(self, manager: "Manager") -> None:
        exchange = self._exchange
        id, _, what = exchange.path.removeprefix(PREFIX).partition("/")
        if what not in (_COMMIT, _REFUND):
            exchange.fail(refuse.NOT_FOUND)
            return
        try:
            units = _units(self._body) if what == _COMMIT else _nothing(self._body)
        except Faulty as faulty:
            body = refuse.to_json(problem(faulty, exchange.request_id()))
            kind = "application/problem+json"
            exchange.reply(refuse.Answer(faulty.status, kind, body))
            return
        found = self._plane.reservations.find(id)
        if found is None or not _may(manager, found):
            # The same words for one that is not there as for somebody else's.
            exchange.fail(_PROBLEMS[Unsettled.NOT_FOUND])
            return
        exchange.caller.wait(self._plane.reservations.settle(found, units), self._settled)

    def _settled(self, outcome: Settled | Unsettled | Exception) -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if not isinstance(outcome, Settled):
            why = outcome if isinstance(outcome, Unsettled) else Unsettled.UNAVAILABLE
            exchange.fail(_PROBLEMS[why])
            return
        units, reserved, exceeded = outcome
        told = {
            "units": units,
            "reserved": reserved,
            "refunded": reserved - units,
            "exceeded": exceeded,
        }
        exchange.reply(refuse.Answer(200, "application/json", refuse.to_json(told)))


def _may(manager: "Manager", found: Reservation) -> bool:
    return manager.may(SCOPE, project_id=found.project_id, api_id=found.use.api_id)


def _units(body: bytes) -> int | None:
    """What a call came to; None where that is not told, so all of it."""
    given = _object(body)
    for name in given:
        if name != "units":
            raise Faulty(name[:64], "is not a field of commit", "send units alone")
    units = given.get("units")
    if units is None:
        return None
    if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= COST_MAX:
        mend = f"send one from 0 to {COST_MAX}"
        raise Faulty("units", "is no such whole number", mend)
    return units


def _nothing(body: bytes) -> int:
    for name in _object(body):
        mend = "leave it out; for a part of what was reserved use commit"
        raise Faulty(name[:64], "is not a field of refund", mend)
    return 0


def _object(body: bytes) -> dict[str, object]:
    if not body.strip():
        return {}
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Faulty("body", "is not JSON", "send one JSON object in UTF-8", 400) from None
    if not isinstance(given, dict):
        raise Faulty("body", "is not a JSON object", "send one object")
    return given

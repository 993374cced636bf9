"""`POST /.keyhouse/v1/verify`: the decision for those who serve elsewhere.

A verdict is always 200. A 4xx is about the caller of verify itself: its
management key, or a body that does not say what is to be verified. A batch is
answered with 200 as well, and a fault in one of its entries in the place of
that entry: the others have nothing to do with it.
"""

from typing import TYPE_CHECKING

from keyhouse.core.credentials import Chosen, choose
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.managers import admit_chosen
from keyhouse.doors.gateway.verify_answer import answer, problem
from keyhouse.doors.gateway.verify_batch import BatchCall
from keyhouse.doors.gateway.verify_body import Batch, Faulty
from keyhouse.doors.gateway.verify_question import DOOR, Question

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager


class VerifyCall:
    """One call of verify, from the management key to the answer."""

    __slots__ = ("_body", "_exchange", "_plane")

    def __init__(self, exchange: "Exchange", body: bytes) -> None:
        self._exchange = exchange
        self._body = body
        self._plane = exchange.caller.gate.plane

    def begin(self) -> None:
        """See who asks."""
        exchange = self._exchange
        chosen = choose(exchange.key, exchange.authorization, None)
        exchange.gate.verify_heads.keep(exchange, chosen)
        self.begin_as(chosen)

    def begin_as(self, chosen: Chosen) -> None:
        """As `begin`, where it is known with which credential."""
        admit_chosen(self._exchange, chosen, self._ask)

    def _ask(self, manager: "Manager") -> None:
        exchange = self._exchange
        try:
            wanted = exchange.gate.verify_bodies.read(self._body)
        except Faulty as faulty:
            _refuse(exchange, faulty)
            return
        if isinstance(wanted, Batch):
            BatchCall(exchange, manager, wanted).begin()
        else:
            Question(wanted, manager, exchange, self._answered).ask()

    def _answered(self, question: Question) -> None:
        exchange, outcome = self._exchange, question.outcome
        if exchange.over:
            question.release()
        elif outcome is None:
            exchange.fail(refuse.UNAVAILABLE)
        elif isinstance(outcome, Faulty):
            _refuse(exchange, outcome)
        elif not exchange.count(
            outcome,
            question.api,
            door=DOOR,
            method=question.request.method or "",
            path=question.path,
            address=question.request.address,
        ):
            exchange.fail(refuse.UNAVAILABLE)
        else:
            request_id = exchange.request_id()
            reservation = question.reservation(request_id, outcome)
            body = answer(outcome, request_id, reservation)
            exchange.reply(refuse.Answer(200, "application/json", body))


def _refuse(exchange: "Exchange", faulty: Faulty) -> None:
    body = refuse.to_json(problem(faulty, exchange.request_id()))
    exchange.reply(refuse.Answer(faulty.status, "application/problem+json", body))

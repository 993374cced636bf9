"""Many requests verified in one call, each decided and counted on its own."""

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from keyhouse.core.decision import Decision
from keyhouse.core.forgetting import parts_behind
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.verify_answer import problem, told
from keyhouse.doors.gateway.verify_body import Batch, Faulty
from keyhouse.doors.gateway.verify_question import Question

if TYPE_CHECKING:
    from keyhouse.core.usage import Use
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

AT_ONCE_MAX: Final = 16
"""Entries that may wait for the database together: a batch of unknown keys must

not take the whole budget for such, of which others live too.
"""


class BatchCall:
    """A batch on its way. Its entries are begun in order, so they spend in order

    as far as none of them must wait.
    """

    def __init__(self, exchange: "Exchange", manager: "Manager", batch: Batch) -> None:
        self._exchange = exchange
        self._manager = manager
        self._watch = batch.watch
        self._plane = plane = exchange.caller.gate.plane
        self._entries = [
            entry
            if isinstance(entry, Faulty)
            else Question(entry, manager, exchange, self._answered)
            for entry in batch.entries
        ]
        self._questions = [one for one in self._entries if isinstance(one, Question)]
        self._applied = plane.verifier.applied
        self._begun = self._waiting = 0
        self._asking = False
        self._counted: list[tuple[str, Decision, Use, int]] = []

    def begin(self) -> None:
        """Ask, and ask on whenever there is room for one more that waits."""
        if self._asking:
            return  # an answer came at once; the loop below goes on with the next
        self._asking = True
        while self._begun < len(self._questions) and self._waiting < AT_ONCE_MAX:
            question = self._questions[self._begun]
            self._begun += 1
            self._waiting += 1
            question.ask()
        self._asking = False
        if not self._waiting:
            self._reply()

    def _answered(self, _question: Question) -> None:
        self._waiting -= 1
        if not self._exchange.over:
            self.begin()
            return
        # Nobody is told of it any more, so none of it is to count.
        for one in self._questions[: self._begun]:
            one.release()

    def _reply(self) -> None:
        exchange = self._exchange
        results = [self._told(*numbered) for numbered in enumerate(self._entries)]
        body = b'{"results":[%b]%b}' % (b",".join(results), self._as_of())
        exchange.reply(refuse.Answer(200, "application/json", body))
        latency_us = (perf_counter_ns() - exchange.begun_ns) // 1000
        bytes_in = exchange.bytes_in // max(1, len(self._entries))
        for request_id, decision, use, bytes_out in self._counted:
            self._plane.meter.completed(
                request_id, decision, use, 200, latency_us, bytes_in, bytes_out
            )

    def _told(self, place: int, entry: Question | Faulty) -> bytes:
        """What stands in the place of an entry, which is counted by this."""
        outcome = entry.outcome if isinstance(entry, Question) else entry
        if isinstance(outcome, Faulty):
            return refuse.to_json(problem(outcome.at(place), self._exchange.request_id()))
        now_us = self._plane.now_us()
        unavailable = Decision(Verdict.UNAVAILABLE, now_us)
        request_id = self._plane.new_request_id(outcome.at_us if outcome else now_us)
        use = None
        if outcome is not None and isinstance(entry, Question):
            use = entry.count(request_id, outcome)
        if use is None or outcome is None or not isinstance(entry, Question):
            return refuse.to_json(told(unavailable, request_id))
        body = told(outcome, request_id, entry.reservation(request_id, outcome))
        if self._watch and (parts := parts_behind(outcome)):
            token, asker_id = self._plane.recent.token, self._manager.id
            body["forget"] = [token(asker_id, part) for part in parts]
        result = refuse.to_json(body)
        self._counted.append((request_id, outcome, use, len(result)))
        return result

    def _as_of(self) -> bytes:
        """What all of the decisions knew of, for those who follow the change log."""
        if not self._watch:
            return b""
        log = self._plane.recent.log.encode("ascii")
        return b',"seq":%d,"log":"%b"' % (self._applied, log)

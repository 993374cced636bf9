"""Whether what was let through may still go on: answers that take long, and tunnels.

A key that is revoked opens nothing any more, and so what it has opened is closed:
as soon as the gateway hears of the change, and, for what no change tells of (an
end that comes by itself, a database that is gone), within a second or two.

What has no answer yet is not touched for its first second: the upstream is at
work on it, and the caller had better hear what came of that.
"""

from collections import OrderedDict
from collections.abc import Collection
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from keyhouse.core.decision import Decision
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.tunnel import DOUBTS_MAX, LOOK_SECONDS, STRANGERS, Tunnel

if TYPE_CHECKING:
    import asyncio

    from keyhouse.core.records import Line
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.gate import Gate

LONG_NS: Final = 1_000_000_000
"""What has taken so long is looked at though no answer has begun."""
AT_ONCE: Final = 200
"""How many are looked at before requests have their turn."""


class Vigil:
    """Looks again at all that goes on at one gateway. One event loop only."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._recent = gate.plane.recent
        self._heard = self._recent.head
        self._pending: OrderedDict[Exchange | Tunnel, None] = OrderedDict()
        self._doubts: dict[Exchange, tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._recent.listen(self._changed)

    def start(self) -> None:
        """Begin to look every LOOK_SECONDS."""
        self._timer = self._gate.loop.call_later(LOOK_SECONDS, self._sweep)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _changed(self) -> None:
        """Look at what a change may have ended. Most changes are nobody's here."""
        changed = self._recent.since(self._heard)
        self._heard = self._recent.head
        ids = None if changed is None else frozenset(part.id for part in changed)
        for caller in self._gate.callers:
            exchange = caller.exchange
            if exchange is not None and exchange.answering:
                line = exchange.line
                if line is not None and (ids is None or touches(line, ids)):
                    self._pending[exchange] = None
        for tunnel in self._gate.tunnels:
            line = tunnel.line
            if line is not None and (ids is None or touches(line, ids)):
                self._pending[tunnel] = None
        self._go_on()

    def _sweep(self) -> None:
        """Look at all that takes long; a tunnel looks after itself."""
        long_ago = perf_counter_ns() - LONG_NS
        lasting = [
            exchange
            for caller in self._gate.callers
            if (exchange := caller.exchange) is not None
            and exchange.line is not None
            and exchange.begun_ns < long_ago
        ]
        self._pending.update(dict.fromkeys(lasting))
        kept = self._doubts
        self._doubts = {one: kept[one] for one in lasting if one in kept}
        self._timer = self._gate.loop.call_later(LOOK_SECONDS, self._sweep)
        self._go_on()

    def _go_on(self) -> None:
        if self._pending and not self._busy:
            self._busy = True
            self._look_at_some()

    def _look_at_some(self) -> None:
        for _ in range(min(AT_ONCE, len(self._pending))):
            one, _ = self._pending.popitem(last=False)
            if isinstance(one, Tunnel):
                one.look()
            else:
                self._look(one)
        if self._pending:
            self._gate.loop.call_soon(self._look_at_some)
        else:
            self._busy = False

    def _look(self, exchange: "Exchange") -> None:
        asked = exchange.question()
        if asked is None:
            return
        began, plane = exchange.begun_ns, self._gate.plane
        outcome = plane.verifier.look_again(asked)
        if isinstance(outcome, Decision):
            self._seen(exchange, began, outcome)
        else:
            plane.resolver.resolve(
                outcome, lambda found: self._seen(exchange, began, found)
            )

    def _seen(self, exchange: "Exchange", began: int, outcome: object) -> None:
        """A key that is refused now for what it is, is so for what it began."""
        unsure = not isinstance(outcome, Decision)
        decision = outcome if isinstance(outcome, Decision) else _unavailable(self._gate)
        if exchange.begun_ns != began:
            return  # it was over, and this is another request
        if unsure or decision.verdict is Verdict.UNAVAILABLE:
            before, count = self._doubts.get(exchange, (began, 0))
            count = count + 1 if before == began else 1
            self._doubts[exchange] = (began, count)
            if count > DOUBTS_MAX:
                exchange.end(decision)
            return
        self._doubts.pop(exchange, None)
        if decision.verdict.status in STRANGERS:
            exchange.end(decision)


def _unavailable(gate: "Gate") -> Decision:
    return Decision(Verdict.UNAVAILABLE, gate.plane.now_us())


def touches(line: "Line", ids: Collection[str]) -> bool:
    """Whether any of the parts with these ids is one of those behind a line.

    Those that `core.forgetting.parts_of` names, which would be made for each that
    is open, at each change.
    """
    key, api, bought = line.key, line.api, line.subscription
    return (
        key.id in ids
        or key.application_id in ids
        or api.id in ids
        or key.project_id in ids
        or key.organization_id in ids
        or api.project_id in ids
        or api.organization_id in ids
        or (bought is not None and (bought.id in ids or bought.plan_id in ids))
        or (line.customer is not None and line.customer.id in ids)
        or (line.token is not None and line.token.key_id in ids)
    )

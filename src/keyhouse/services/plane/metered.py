"""A process that serves: checking, and counting what was served."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from keyhouse.core import ids
from keyhouse.core.decision import Decision
from keyhouse.core.pending import Pending
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.transport import transport_refusal
from keyhouse.core.verdict import Verdict
from keyhouse.ports import (
    Node,
    NodeRegistry,
    SignalSink,
    SpoolFolder,
    StoreUnavailable,
    UsageSink,
)
from keyhouse.services.meter import Flusher, Meter, RequestIds, adopt_orphans
from keyhouse.services.meter.flusher import TICK_SECONDS
from keyhouse.services.meter.request_ids import ENTROPY_BYTES
from keyhouse.services.meter.totals import Totals
from keyhouse.services.plane.checking import CheckingPlane, Means, Options
from keyhouse.services.plane.presence import Presence
from keyhouse.services.reserve import Reservations, Settled, Unsettled

ROUNDS_SECONDS: Final = 3.0
"""How often a node tells that it lives and looks for spools left behind."""
LIVING_US: Final = 15_000_000
"""A node that was heard of within this counts as one that lives."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MeteringMeans:
    """The ports that counting takes. `log_rows_max` 0 keeps no request log."""

    spools: SpoolFolder
    sink: UsageSink
    nodes: NodeRegistry
    signals: SignalSink
    boot_id: str
    pid: int
    log_rows_max: int


class DataPlane(CheckingPlane):
    """What a door of the data plane stands on. `meter` is there once open.

    `totals` is what was counted in all.

    `new_request_id` makes the id of a request that has come at a time in µs.
    """

    meter: Meter

    def __init__(self, means: Means, metering: MeteringMeans, options: Options) -> None:
        super().__init__(means, options)
        self._metering = metering
        self._flusher: Flusher
        self._ticking: asyncio.TimerHandle
        self._rounds: asyncio.Task[None] | None = None
        self._request_ids = RequestIds(means.entropy.take(ENTROPY_BYTES))
        self.new_request_id = self._request_ids.make
        self._node_id = self._new_id(ids.NODE)
        self._presence = Presence(metering.nodes, self._node)
        self._closing: list[Callable[[], None]] = []
        self._strange: set[str] = set()
        self.totals = Totals("guard" if options.kind == "guard" else "proxy")
        settlements, clock = means.settlements, means.clock
        self.reservations = Reservations(settlements, means.keyring, clock.now_us)

    def on_close(self, call: Callable[[], None]) -> None:
        """Have `call` made, on a thread, after the plane has closed."""
        self._closing.append(call)

    async def open(self) -> None:
        """Adopt what earlier processes left, then begin to serve.

        Raises StoreUnavailable, and NoSpool where none can be made.
        """
        self._loop = asyncio.get_running_loop()
        metering = self._metering
        await asyncio.to_thread(self._adopt)
        spool_id = self._new_id(ids.SPOOL)
        spool = await asyncio.to_thread(metering.spools.create, spool_id)
        try:
            await asyncio.to_thread(
                metering.sink.open_spool, spool_id, self._node_id, metering.boot_id
            )
            book = await self._begin(spool_id)
            # Before the first request: who asks whether a change is in force counts
            # on it.
            await asyncio.to_thread(self._presence.announce)
        except BaseException:
            # Nothing is in it, and who tries again and again must not fill the disk.
            spool.discard()
            raise
        self.meter = Meter(spool, metering.log_rows_max, self.alarms)
        self._flusher = Flusher(
            self.meter,
            metering.sink,
            self.means.ledger,
            book,
            self.means.clock,
            self._loop.call_soon_threadsafe,
            self.totals.take,
        )
        self._flusher.start()
        self._tick()
        self._rounds = asyncio.create_task(self._make_rounds())
        self._presence.start()

    async def close(self) -> None:
        """Book all that was counted, give leases back, and leave."""
        if self._rounds is None:
            return
        self._rounds.cancel()
        await asyncio.gather(self._rounds, return_exceptions=True)
        self._rounds = None
        await self._presence.stop()
        self._ticking.cancel()
        await self._end()
        self._flusher.last_tick()
        await asyncio.to_thread(self._flusher.stop)
        await asyncio.to_thread(self.rehashes.send, self._metering.signals)
        try:
            await asyncio.to_thread(self._presence.leave)
        except StoreUnavailable as error:
            _log.warning("the node's row stays: %s", error)
        for call in self._closing:
            await asyncio.to_thread(call)

    def _refusal(self, request: Request) -> Verdict | None:
        """What refuses a request before any credential is looked at.

        A good secret that came so is flagged, by and by.
        """
        refusal = transport_refusal(tls=request.tls, require_tls=self.options.require_tls)
        if refusal is not None:
            self.resolver.resolve(self.verifier.exposed(request), _by_and_by)
        return refusal

    def admit(
        self, request: Request, refusal: Verdict | None, path: str
    ) -> tuple[str, Decision] | Awaitable[tuple[str, Decision]]:
        """Decide and count: at once, unless something has to be waited for.

        `refusal` is that of the credentials, where there is none to decide on;
        `path` is what may be written down. Gives the request's id and the
        decision that holds: where the spool is full, nothing can be counted
        and so nothing may pass.
        """
        if self.options.require_tls:
            refusal = self._refusal(request) or refusal
        if refusal is not None:
            return self._count(Decision(refusal, self.means.clock.now_us()), request, path)
        outcome = self.verifier.verify(request)
        if isinstance(outcome, Decision):
            return self._count(outcome, request, path)
        return self._admit_later(outcome, request, path)

    async def _admit_later(
        self, outcome: Pending[Decision], request: Request, path: str
    ) -> tuple[str, Decision]:
        decision = await self.resolver.wait(outcome, self.verifier.release)
        return self._count(decision, request, path)

    def _count(
        self, decision: Decision, request: Request, path: str
    ) -> tuple[str, Decision]:
        request_id = self._request_ids.make(decision.at_us)
        known = None if decision.line else self.verifier.known_api(request.api)
        method, address = request.method or "", request.address
        if self.meter.served(request_id, decision, known, method, path, address):
            return request_id, decision
        self.verifier.release(decision)
        return request_id, replace(decision, verdict=Verdict.UNAVAILABLE, retry_us=None)

    async def reserve(
        self, request: Request, refusal: Verdict | None, path: str
    ) -> tuple[Decision, str | None]:
        """As `admit`, with the id of what was reserved: None for a refusal."""
        admitted = self.admit(request, refusal, path)
        if not isinstance(admitted, tuple):
            admitted = await admitted
        request_id, decision = admitted
        return decision, self.reservations.id_of(request_id, decision)

    async def settle(self, id: str, units: int | None) -> Settled | Unsettled:
        """Have what was reserved come to `units`, None for all of it."""
        found = self.reservations.find(id)
        if found is None:
            return Unsettled.NOT_FOUND
        return await self.resolver.wait(self.reservations.settle(found, units))

    async def api(self, slug: str) -> ApiRecord | Verdict | None:
        """The API with that slug; the verdict is `unavailable`."""
        return await self.resolver.wait(self.verifier.api(slug))

    def completed(
        self, request_id: str, decision: Decision, *, status: int, latency_us: int
    ) -> None:
        """Tell how a counted request ended."""
        use = self.meter.use(decision, None)
        self.meter.completed(
            request_id, decision, use, status, latency_us, bytes_in=0, bytes_out=0
        )

    def _new_id(self, prefix: str) -> str:
        entropy = self.means.entropy.take(ids.ENTROPY_BYTES)
        return ids.make_id(prefix, self.means.clock.now_us(), entropy)

    def _tick(self) -> None:
        self._flusher.tick()
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)

    async def _make_rounds(self) -> None:
        while True:
            await asyncio.to_thread(self._round)
            await asyncio.sleep(ROUNDS_SECONDS)

    def _round(self) -> None:
        """What the node does now and then; on a thread."""
        metering = self._metering
        try:
            node = self._presence.announce()
            living = metering.nodes.living(node.confirmed_at - LIVING_US)
            self._loop.call_soon_threadsafe(self.means.rates.share_among, living)
            self.rehashes.send(metering.signals)
            self._adopt()
        except StoreUnavailable as error:
            _log.warning("the database does not answer: %s", error)
        except Exception:  # noqa: BLE001 - the next round may go better; it is logged
            _log.exception("a node's round failed")

    def _node(self) -> Node:
        metering = self._metering
        return Node(
            self._node_id,
            metering.boot_id,
            self.options.kind,
            metering.pid,
            self.verifier.applied,
            self.means.clock.now_us(),
            int(self.options.stale_seconds_max * 1_000_000),
        )

    def _changed(self) -> None:
        self._presence.heard()

    def _adopt(self) -> None:
        metering = self._metering
        adopt_orphans(metering.spools, metering.sink, metering.log_rows_max, self._strange)


def _by_and_by(_: object) -> None:
    """Nobody waits for it."""

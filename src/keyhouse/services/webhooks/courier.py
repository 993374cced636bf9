"""The courier: sends what is due, and writes down what came of it.

At least once: a delivery is marked after its endpoint answered, so whoever dies
between the two leaves it due, and the next courier sends it again. Receivers
tell repeats by `webhook-id`. The order of events is not kept.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from keyhouse.core.entities import Delivery, Event, Webhook
from keyhouse.core.events import body_of
from keyhouse.core.webhooks import signed_headers
from keyhouse.ports import Clock, DeliveryQueue, Mailer, Rows, Sealer, Sent, WebhookSender
from keyhouse.services.jobs import Claim
from keyhouse.services.webhooks.outcomes import Outcomes
from keyhouse.services.webhooks.sealing import signing_secrets
from keyhouse.services.work import Office

IN_FLIGHT_MAX: Final = 32
ORGANIZATION_MAX: Final = 8
"""Deliveries of one organization at once, however many endpoints it has."""
EACH_MAX: Final = 4
"""Deliveries to one endpoint at once: a slow one leaves room for the others."""
BEAT_SECONDS: Final = 3.0
"""How often the hold on the job is renewed while endpoints are slow."""
LOOK_SECONDS: Final = 0.5
"""How often at least it looks for what has become due, and for a stop."""
STOP_SECONDS: Final = 2.0
"""What is in flight at a stop has this long to end; then it is sent again later."""
_log = logging.getLogger(__name__)

OpenSender = Callable[[], WebhookSender]


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends for all organizations. `open_sender` is called on the loop that sends."""

    office: Office
    queue: DeliveryQueue
    open_sender: OpenSender
    mailer: Mailer

    def deliver(self, claim: Claim) -> None:
        """Send what is due, and what becomes due meanwhile, until nothing is.

        Blocks. Costs one read where nothing is due.
        """
        if self.queue.due(self._clock.now_us(), 1, 1):
            asyncio.run(self._deliver(claim))

    async def _deliver(self, claim: Claim) -> None:
        sender = self.open_sender()
        flight = _Flight(self, claim, sender)
        try:
            await flight.run()
        finally:
            await sender.close()

    @property
    def _clock(self) -> Clock:
        return self.office.clock


class _Flight:
    """What is on its way in one round. One loop uses it."""

    def __init__(self, courier: Courier, claim: Claim, sender: WebhookSender) -> None:
        self._courier = courier
        self._claim = claim
        self._sender = sender
        self._outcomes = Outcomes(courier.office, courier.mailer)
        self._flying: dict[asyncio.Task[None], Delivery] = {}
        self._renewed = 0.0

    async def run(self) -> None:
        try:
            await asyncio.to_thread(self._renew)
            self._renewed = asyncio.get_running_loop().time()
            await self._start()
            while self._flying:
                await self._land()
                if self._claim.stopped():
                    await self._land_all()
                    return
                await self._start()
        finally:
            await self._abandon()

    async def _start(self) -> None:
        """Send what is due as far as there is room."""
        if len(self._flying) >= IN_FLIGHT_MAX or self._claim.stopped():
            return
        now_us = self._courier.office.clock.now_us()
        queue = self._courier.queue
        due = await asyncio.to_thread(queue.due, now_us, IN_FLIGHT_MAX, EACH_MAX)
        for one in self._with_room(due):
            self._flying[asyncio.create_task(self._one(one))] = one

    def _with_room(self, due: Sequence[Delivery]) -> list[Delivery]:
        """Those that can be sent beside what is on its way."""
        ids = {one.id for one in self._flying.values()}
        each = Counter(one.organization_id for one in self._flying.values())
        chosen = []
        for one in due:
            if one.id not in ids and each[one.organization_id] < ORGANIZATION_MAX:
                each[one.organization_id] += 1
                chosen.append(one)
        return chosen[: IN_FLIGHT_MAX - len(self._flying)]

    async def _land(self) -> None:
        """Wait until something has ended, but not for long; renew the hold in time."""
        done, _ = await asyncio.wait(
            self._flying, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for one in done:
            del self._flying[one]
            one.result()
        if asyncio.get_running_loop().time() - self._renewed > BEAT_SECONDS:
            await asyncio.to_thread(self._renew)
            self._renewed = asyncio.get_running_loop().time()

    async def _land_all(self) -> None:
        if self._flying:
            done, _ = await asyncio.wait(self._flying, timeout=STOP_SECONDS)
            for one in done:
                one.result()

    async def _abandon(self) -> None:
        left = [one for one in self._flying if not one.done()]
        for one in left:
            one.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

    def _renew(self) -> None:
        with self._rows.writing() as tx:
            self._claim.fence(tx)

    async def _one(self, delivery: Delivery) -> None:
        loaded = await asyncio.to_thread(self._loaded, delivery)
        sent = await self._tried(delivery, *loaded)
        await asyncio.to_thread(self._outcomes.record, self._claim, delivery, sent)

    def _loaded(self, delivery: Delivery) -> tuple[Webhook | None, Event | None]:
        with self._rows.reading() as tx:
            webhook = tx.get(Webhook, delivery.webhook_id)
            return webhook, tx.get(Event, delivery.event_id)

    async def _tried(
        self, delivery: Delivery, webhook: Webhook | None, event: Event | None
    ) -> Sent | None:
        """As `_sent`, but a fault that nobody foresaw fails this delivery alone."""
        try:
            return await self._sent(webhook, event)
        except Exception as error:  # noqa: BLE001 - no single one ends the round of all
            _log.exception("%s could not be sent", delivery.id)
            return Sent(None, error=f"it could not be sent: {type(error).__name__}")

    async def _sent(self, webhook: Webhook | None, event: Event | None) -> Sent | None:
        """What came of sending; None where there is nobody to send to."""
        office = self._courier.office
        if webhook is None or event is None or webhook.disabled_at is not None:
            return None
        secrets = self._secrets(office.sealer, webhook, office.clock.now_us())
        if not secrets:
            _log.error("the secret of %s cannot be unsealed with the keyring", webhook.id)
            return Sent(None, error="the signing secret cannot be opened: rotate it")
        body = body_of(event)
        headers = signed_headers(secrets, event.id, office.clock.now_us(), body)
        told = {**headers, "content-type": "application/json", "user-agent": _agent()}
        private = office.placing.webhook_private
        return await self._sender.send(webhook.url, told, body, private=private)

    def _secrets(self, sealer: Sealer | None, webhook: Webhook, now_us: int) -> list[bytes]:
        return [] if sealer is None else signing_secrets(sealer, webhook, now_us)

    @property
    def _rows(self) -> Rows:
        return self._courier.office.rows


def _agent() -> str:
    try:
        return f"keyhouse/{version('keyhouse')}"
    except PackageNotFoundError:
        return "keyhouse"

"""What came of a delivery: kept, tried again, given up; and what that means for its

endpoint.
"""

from typing import Final

from keyhouse.core.entities import (
    Delivery,
    DeliveryState,
    DisabledBecause,
    Member,
    Person,
    Role,
    Webhook,
)
from keyhouse.core.webhooks import FAILING_US, GONE, SPREAD_BYTES, pause_us
from keyhouse.ports import Mail, Mailer, Sent, WritingTransaction
from keyhouse.services.actor import WORKER, Actor
from keyhouse.services.jobs import Claim
from keyhouse.services.webhooks.letters import disabled_letter
from keyhouse.services.work import Office

_GIVEN_UP: Final = "given up: the endpoint is disabled"


class Outcomes:
    """Writes outcomes; any number of threads."""

    def __init__(self, office: Office, mailer: Mailer) -> None:
        self._office = office
        self._mailer = mailer

    def record(self, claim: Claim, delivery: Delivery, sent: Sent | None) -> None:
        """Write down an attempt, or, with None, that there is nobody to send to.

        Nothing is written where another has recorded an attempt meanwhile. Raises
        Overtaken where the job is another's by now.
        """
        letters: list[Mail] = []
        with self._office.rows.writing() as tx:
            claim.fence(tx)
            now = tx.get(Delivery, delivery.id)
            if now is not None and now.next_at == delivery.next_at:
                letters = self._write(tx, now, sent)
        for letter in letters:
            self._mailer.send(letter)

    def _write(
        self, tx: WritingTransaction, delivery: Delivery, sent: Sent | None
    ) -> list[Mail]:
        if sent is None:
            failed = DeliveryState.FAILED
            tx.update(delivery, state=failed, next_at=None, error=_GIVEN_UP)
            return []
        webhook = tx.get(Webhook, delivery.webhook_id)
        self._attempted(tx, delivery, sent)
        if webhook is None or webhook.disabled_at is not None:
            return []
        if _arrived(sent):
            if webhook.failing_since is not None:
                tx.update(webhook, failing_since=None)
            return []
        return self._failed(tx, webhook, sent)

    def _attempted(self, tx: WritingTransaction, delivery: Delivery, sent: Sent) -> None:
        now_us = self._office.clock.now_us()
        attempts = delivery.attempts + 1
        pause = pause_us(attempts, self._office.entropy.take(SPREAD_BYTES))
        if _arrived(sent):
            state, next_at = DeliveryState.DELIVERED, None
        elif pause is None or sent.status == GONE:
            state, next_at = DeliveryState.FAILED, None
        else:
            state, next_at = DeliveryState.PENDING, now_us + pause
        tx.update(
            delivery,
            state=state,
            attempts=attempts,
            next_at=next_at,
            last_at=now_us,
            status=sent.status,
            error=sent.error,
            answer=sent.answer,
        )

    def _failed(self, tx: WritingTransaction, webhook: Webhook, sent: Sent) -> list[Mail]:
        now_us = self._office.clock.now_us()
        if sent.status == GONE:
            return self._disable(tx, webhook, DisabledBecause.GONE)
        if webhook.failing_since is None:
            tx.update(webhook, failing_since=now_us)
        elif now_us - webhook.failing_since >= FAILING_US:
            return self._disable(tx, webhook, DisabledBecause.FAILING)
        return []

    def _disable(
        self, tx: WritingTransaction, webhook: Webhook, because: DisabledBecause
    ) -> list[Mail]:
        actor = Actor(WORKER, webhook.organization_id, ())
        work = self._office.work(tx, actor)
        changes = {"disabled_at": work.now_us, "disabled_because": because}
        work.change("webhook.disable", webhook, **changes)
        return [disabled_letter(email, webhook, because) for email in _owners(tx, webhook)]


def _arrived(sent: Sent) -> bool:
    return sent.status is not None and 200 <= sent.status < 300


def _owners(tx: WritingTransaction, webhook: Webhook) -> list[str]:
    members = tx.find(Member, organization_id=webhook.organization_id, role=Role.OWNER)
    ids = tuple(member.person_id for member in members)
    people = tx.find(Person, id=ids)
    return [person.email for person in people if person.disabled_at is None]

"""What is remembered of earlier POSTs."""

from keyhouse.core.entities import IdempotencyRow
from keyhouse.ports import Transaction
from keyhouse.services.actor import Actor


def find_remembered(tx: Transaction, actor: Actor, key: str) -> IdempotencyRow | None:
    """The record of an actor's idempotency key; another actor's is another key."""
    return tx.get(IdempotencyRow, f"{actor.organization_id}/{actor.id}/{key}")

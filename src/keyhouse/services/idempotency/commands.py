"""Doing a POST once.

The record is inserted, as a claim, before the effect and in the same
transaction: a crash leaves both or neither, and of two equal requests at the
same time the second waits for the first one's commit and then replays it. A
refusal rolls the claim back, so that a mended request may use the key again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from keyhouse.core.entities import IdempotencyRow
from keyhouse.ports import Conflict
from keyhouse.services.actor import Actor
from keyhouse.services.idempotency.queries import find_remembered
from keyhouse.services.refusals import Mismatch, Taken
from keyhouse.services.work import Office, Work

T = TypeVar("T")

_CLAIMED = 0
_CLAIM = "idempotency key"


class Once(NamedTuple):
    """An `Idempotency-Key`, and a hash of the method, path and body beside it."""

    key: str
    fingerprint: str


class Outcome(NamedTuple):
    """An answer. `seq` is told the first time only; a replay has none."""

    status: int
    answer: dict[str, Any]
    seq: int | None
    secret: str | None
    replayed: bool = False
    secrets: tuple[str, ...] = ()


class Shaped(NamedTuple):
    """What a command came to: an answer without its secret, and the secret.

    One that makes many has `secrets` instead, in the order of the answer.
    """

    answer: dict[str, Any]
    secret: str | None = None
    secrets: tuple[str, ...] = ()


def once(
    office: Office,
    actor: Actor,
    act: Callable[[Work], T],
    shape: Callable[[T], Shaped],
    *,
    status: int,
    key: Once | None,
) -> Outcome:
    """Run a command and shape its answer, or replay the answer to `key`.

    Raises Mismatch where the key came before with another request.
    """
    if key is None:
        value, seq = office.write(actor, act)
        answer, secret, secrets = shape(value)
        return Outcome(status, answer, seq, secret, secrets=secrets)
    try:
        return _claimed(office, actor, act, shape, status, key)
    except Taken as taken:
        if taken.problem.field != _CLAIM:
            raise
        # Another request with the key has committed since we looked.
        return _claimed(office, actor, act, shape, status, key)


def replayed(office: Office, actor: Actor, key: Once | None) -> Outcome | None:
    """The answer to `key` where it came before: for what is done in several steps.

    Raises Mismatch as `once` does.
    """
    if key is None:
        return None
    with office.rows.reading() as tx:
        row = find_remembered(tx, actor, key.key)
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise Mismatch("this idempotency key came before with another request")
    return Outcome(row.status, row.answer, None, None, replayed=True)


def _claimed(
    office: Office,
    actor: Actor,
    act: Callable[[Work], T],
    shape: Callable[[T], Shaped],
    status: int,
    key: Once,
) -> Outcome:
    def run(work: Work) -> tuple[IdempotencyRow, Shaped | None]:
        known = find_remembered(work.tx, actor, key.key)
        if known is not None:
            return known, None
        claim = _claim(work, key)
        shaped = shape(act(work))
        return work.tx.update(claim, status=status, answer=shaped.answer), shaped

    (row, shaped), seq = office.write(actor, run)
    if row.fingerprint != key.fingerprint:
        raise Mismatch("this idempotency key came before with another request")
    if shaped is None:
        return Outcome(row.status, row.answer, None, None, replayed=True)
    answer, secret, secrets = shaped
    return Outcome(row.status, answer, seq, secret, secrets=secrets)


def _claim(work: Work, key: Once) -> IdempotencyRow:
    row = IdempotencyRow(
        id=f"{work.actor.organization_id}/{work.actor.id}/{key.key}",
        organization_id=work.actor.organization_id,
        fingerprint=key.fingerprint,
        status=_CLAIMED,
        answer={},
        created_at=work.now_us,
    )
    try:
        work.tx.insert(row)
    except Conflict:
        raise Taken(_CLAIM, "is in use", "send the request again") from None
    return row


def repeatable(
    office: Office,
    actor: Actor,
    run: Callable[[], T],
    end: Callable[[Work, T], None],
    shape: Callable[[T], Shaped],
    *,
    status: int,
    key: Once | None,
) -> Outcome:
    """Run what takes many transactions, and may be run again after any of them.

    The answer is remembered with `end`, in a transaction after all the others:
    a repeat before that does the rest, one after it changes nothing more.
    Raises Mismatch as `once` does.
    """
    if key is not None:
        known = office.read(actor, lambda look: find_remembered(look.tx, actor, key.key))
        if known is not None:
            return _replayed(known, key)
    value = run()
    shaped = shape(value)

    def remember(work: Work) -> IdempotencyRow | None:
        if key is not None:
            known = find_remembered(work.tx, actor, key.key)
            if known is not None:
                return known
            claim = _claim(work, key)
            work.tx.update(claim, status=status, answer=shaped.answer)
        end(work, value)
        return None

    known, _ = office.write(actor, remember)
    if known is not None and key is not None:
        return _replayed(known, key)
    return Outcome(status, shaped.answer, None, None)


def _replayed(row: IdempotencyRow, key: Once) -> Outcome:
    if row.fingerprint != key.fingerprint:
        raise Mismatch("this idempotency key came before with another request")
    return Outcome(row.status, row.answer, None, None, replayed=True)

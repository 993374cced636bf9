"""Keys that are used from where they never were, each noticed within seconds."""

from collections.abc import Sequence
from typing import Final

from keyhouse.core.alerts import added, alert_of
from keyhouse.core.entities import Alert, AlertKind, Key, KeyKind, KeyNetwork
from keyhouse.core.familiar import Seen, is_unfamiliar
from keyhouse.ports import Clock, Rows, WritingTransaction
from keyhouse.services.jobs import Claim

AT_ONCE: Final = 25
"""Few enough that a gateway, which waits meanwhile, does not notice."""
NETWORKS_MAX: Final = 100
"""Not many more of a key are remembered, those that it was last seen in."""


def judge_networks(claim: Claim, rows: Rows, clock: Clock) -> int:
    """Raise an alert for each that is unfamiliar; returns for how many keys it looked.

    A network is judged once, by what was known when it was first seen.
    """
    judged = 0
    while not claim.stopped():
        with rows.reading() as look:
            fresh = look.stretch(KeyNetwork, after="", limit=AT_ONCE, judged_at=None)
        key_ids = sorted({one.key_id for one in fresh})
        if not key_ids:
            return judged
        with rows.writing() as tx:
            claim.fence(tx)
            for key_id in key_ids:
                _judge(tx, key_id, clock.now_us())
        judged += len(key_ids)
    return judged


def _judge(tx: WritingTransaction, key_id: str, now_us: int) -> None:
    """Judge what is fresh of a key, as it stands in this transaction.

    Of very many a part: what is left is fresh still, and has its turn.
    """
    found = tx.find(Key, id=key_id)
    # A page is called from wherever its readers are, and a key may be gone by now.
    if not found or found[0].kind is not KeyKind.SERVER:
        tx.remove_many(KeyNetwork, key_id=key_id)
        return
    known = tx.stretch(KeyNetwork, after="", limit=2 * NETWORKS_MAX, key_id=key_id)
    fresh = [one for one in known if one.judged_at is None]
    others = [_seen(one) for one in known]
    for one in sorted(fresh, key=lambda one: one.first_at):
        if is_unfamiliar(_seen(one), others):
            _raise(tx, found[0], one)
    kept = _forget(tx, known)
    # In the order in which gateways book, so that neither waits for the other.
    for one in fresh:
        if one.id in kept:
            tx.update(one, judged_at=now_us)


def _forget(tx: WritingTransaction, known: Sequence[KeyNetwork]) -> set[str]:
    """Remove what is too much; the ids of what stays."""
    newest = sorted(known, key=lambda one: one.last_at, reverse=True)
    gone = tuple(one.id for one in newest[NETWORKS_MAX:])
    if gone:
        tx.remove_many(KeyNetwork, id=gone)
    return {one.id for one in newest[:NETWORKS_MAX]}


def _seen(row: KeyNetwork) -> Seen:
    return Seen(row.network, row.first_at, row.last_at)


def _raise(tx: WritingTransaction, key: Key, row: KeyNetwork) -> None:
    """Add it to the day's alert of the key; `count` counts networks."""
    alert = alert_of(key, "", AlertKind.UNFAMILIAR_NETWORK, row.first_at, row.network)
    known = tx.get(Alert, alert.id)
    if known is None:
        tx.insert(alert)
        return
    more = added({known.id: known}, alert)
    tx.update(
        known,
        first_at=more.first_at,
        last_at=more.last_at,
        count=more.count,
        sample=more.sample,
    )

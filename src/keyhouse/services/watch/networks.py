"""Keys that are used from where they never were, each noticed within a minute."""

from collections.abc import Iterable, Sequence
from typing import Final

from keyhouse.core.alerts import added, alert_of
from keyhouse.core.entities import Alert, AlertKind, Key, KeyKind, KeyNetwork
from keyhouse.core.familiar import Seen, is_unfamiliar
from keyhouse.ports import Clock, Rows, WritingTransaction
from keyhouse.services.jobs import Claim

AT_ONCE: Final = 25
"""Few enough that a gateway, which waits meanwhile, does not notice."""
NETWORKS_MAX: Final = 100
"""So many of a key are remembered, those that it was last seen in."""


def judge_networks(claim: Claim, rows: Rows, clock: Clock) -> int:
    """Raise an alert for each that is unfamiliar; returns how many were looked at.

    A network is judged once, by what was known when it was first seen.
    """
    judged = 0
    while not claim.stopped():
        with rows.reading() as look:
            fresh = look.stretch(KeyNetwork, after="", limit=AT_ONCE, judged_at=None)
        if not fresh:
            return judged
        with rows.writing() as tx:
            claim.fence(tx)
            for key_id in sorted({one.key_id for one in fresh}):
                mine = [one for one in fresh if one.key_id == key_id]
                _judge(tx, key_id, mine, clock.now_us())
        judged += len(fresh)
    return judged


def _judge(
    tx: WritingTransaction, key_id: str, fresh: Sequence[KeyNetwork], now_us: int
) -> None:
    known = tx.find(KeyNetwork, key_id=key_id)
    found = tx.find(Key, id=key_id)
    # A page is called from wherever its readers are, and a key may be gone by now.
    if not found or found[0].kind is not KeyKind.SERVER:
        for one in known:
            tx.remove(one)
        return
    others = [_seen(one) for one in known]
    for one in sorted(fresh, key=lambda one: one.first_at):
        if is_unfamiliar(_seen(one), others):
            _raise(tx, found[0], one)
    _keep(tx, known, now_us)


def _keep(tx: WritingTransaction, known: Iterable[KeyNetwork], now_us: int) -> None:
    """Forget what is too much, and what stays is judged."""
    newest = sorted(known, key=lambda one: one.last_at, reverse=True)
    for one in newest[:NETWORKS_MAX]:
        if one.judged_at is None:
            tx.update(one, judged_at=now_us)
    for one in newest[NETWORKS_MAX:]:
        tx.remove(one)


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

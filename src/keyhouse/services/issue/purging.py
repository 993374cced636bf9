"""Keys that were deleted and that nobody brought back in time go for good."""

from typing import Final

from keyhouse.core.entities import Access, Key, KeyNetwork, Reminder, SecretRow
from keyhouse.services.actor import WORKER, all_powerful
from keyhouse.services.issue.views import RESTORE_US
from keyhouse.services.jobs import Claim
from keyhouse.services.work import Office, told

KEYS_AT_ONCE: Final = 50
"""Of one transaction, which writes some six rows for each."""


def purge_keys(office: Office, claim: Claim) -> int:
    """Remove them with their access and secrets; returns how many.

    Usage and audit stay, and tell of them by their id. Ends early once the
    claim is stopped; the next round takes up the rest.
    """
    purged = 0
    while not claim.stopped():
        gone = _purge_some(office, claim)
        purged += gone
        if gone < KEYS_AT_ONCE:
            break
    return purged


def _purge_some(office: Office, claim: Claim) -> int:
    with office.rows.writing() as tx:
        claim.fence(tx)
        before_us = office.clock.now_us() - RESTORE_US
        keys = tx.keys_deleted_before(before_us, KEYS_AT_ONCE)
        for key in keys:
            for kind in (Access, SecretRow, Reminder):
                for row in tx.find(kind, key_id=key.id):
                    tx.remove(row)
            tx.remove_many(KeyNetwork, key_id=key.id)
            tx.forget_use(key.id)
            tx.remove(key)
            work = office.work(tx, all_powerful(WORKER, key.organization_id))
            work.note("key.purge", key.id, before=_left(key))
    return len(keys)


def _left(key: Key) -> dict[str, object]:
    """What stays to be known of it."""
    names = ("name", "application_id", "project_id", "deleted_at")
    return {name: value for name, value in told(key).items() if name in names}

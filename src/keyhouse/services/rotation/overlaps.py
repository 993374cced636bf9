"""The overlap of a secret begins once its successor is used."""

from typing import Final

from keyhouse.core.entities import Key, SecretRow
from keyhouse.ports import Waiting, WritingTransaction
from keyhouse.services import issue
from keyhouse.services.actor import WORKER, all_powerful
from keyhouse.services.jobs import Claim
from keyhouse.services.work import Office

AT_ONCE: Final = 100
_SECOND_US: Final = 1_000_000


def begin_overlaps(office: Office, claim: Claim) -> int:
    """Give secrets whose successor was used the end that they wait for.

    It counts from the first use, however late this is run. Returns how many
    began; costs one small read where none waits.
    """
    with office.rows.reading() as tx:
        found = tx.waiting(AT_ONCE)
    begun = 0
    for one in found:
        if claim.stopped():
            break
        with office.rows.writing() as tx:
            claim.fence(tx)
            begun += _begin(office, tx, one)
    return begun


def _begin(office: Office, tx: WritingTransaction, one: Waiting) -> bool:
    """False where the secret waits no more, or for another by now."""
    key = tx.get(Key, one.key_id)
    row = tx.get(SecretRow, one.secret_id)
    if key is None or row is None or row.revoked_at is not None:
        return False
    if row.waits_for != one.waits_for:
        return False
    work = office.work(tx, all_powerful(WORKER, key.organization_id))
    ends_us = one.first_used_us + (row.overlap_seconds or 0) * _SECOND_US
    issue.end(work, row, ends_us, waits_for=None, overlap_seconds=None)
    first_use = {"version": row.version, "first_used_at": one.first_used_us}
    work.note("key.overlap", key.id, after=first_use)
    return True

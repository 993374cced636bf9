"""The worker's side: secrets that came are kept as keyed hashes from then on."""

import logging
from typing import Final

from keyhouse.core import secret as secrets
from keyhouse.core.entities import Key, SecretRow, Signal
from keyhouse.core.imported import NO_PEPPER
from keyhouse.ports import Conflict
from keyhouse.services.actor import WORKER, all_powerful
from keyhouse.services.jobs import Claim
from keyhouse.services.work import Office

AT_ONCE: Final = 100
"""Rows of one transaction: a gateway that waits for it does not notice."""
_log = logging.getLogger(__name__)


def apply_signals(office: Office, claim: Claim) -> None:
    """Do what nodes have told, in small transactions.

    A signal goes with what it asked for, whether that was still to do or not.
    """
    while not claim.stopped() and _some(office, claim) == AT_ONCE:
        continue


def _some(office: Office, claim: Claim) -> int:
    with office.rows.reading() as look:
        if not look.page(Signal, after=None, limit=1).rows:
            return 0
    peppers = {pepper.id for pepper in office.keyring.peppers}
    with office.rows.writing() as tx:
        claim.fence(tx)
        found: list[Signal] = tx.page(Signal, after=None, limit=AT_ONCE).rows
        for signal in found:
            secret = tx.get(SecretRow, signal.secret_id)
            key = None if secret is None else tx.get(Key, secret.key_id)
            if secret is None or key is None or secret.pepper_id != NO_PEPPER:
                continue
            if signal.pepper_id not in peppers:
                _log.warning("no pepper %s: %s stays", signal.pepper_id, secret.id)
                continue
            try:
                tx.update(
                    secret,
                    algorithm=secrets.ALGORITHM,
                    pepper_id=signal.pepper_id,
                    digest=signal.digest,
                )
            except Conflict:
                # The same string was imported as itself too; that one is found first.
                continue
            work = office.work(tx, all_powerful(WORKER, key.organization_id))
            before = {"algorithm": secret.algorithm}
            after = {"algorithm": secrets.ALGORITHM}
            work.note("secret.rehash", secret.id, before, after)
        tx.remove_many(Signal, id=tuple(signal.id for signal in found))
    return len(found)

"""A new secret for a key: its id, limits and counts stay."""

from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Key, SecretRow
from keyhouse.core.validation import Problem
from keyhouse.services.issue.access import demand_no_more
from keyhouse.services.issue.commands import Created, living_key, told_key
from keyhouse.services.issue.minting import Issued, mint_secret
from keyhouse.services.issue.views import KeyState, SecretState, secret_state, state_of
from keyhouse.services.refusals import NotFound, Taken, refuse
from keyhouse.services.work import Work

OVERLAP_SECONDS_MAX: Final = 31 * 86_400
"""The longest time for which a replaced secret may go on."""
SECRETS_MAX: Final = 10
"""How many secrets of a key may work at once; the data plane holds them all."""

_SECOND_US: Final = 1_000_000
_OVER: Final = (SecretState.REVOKED, SecretState.ENDED)


def rotate_key(work: Work, id: str, overlap_seconds: int) -> Created:
    """Give a key a new secret; those it has end after the overlap at the latest.

    With an overlap of 0 they are refused at once. Raises Invalid for an
    overlap that is too long, Taken for a key that no secret would open, and
    Forbidden for a management key that may do more than the actor.
    """
    refuse(_check(overlap_seconds))
    key = living_key(work, id)
    demand_no_more(work, key)
    _demand_use(key, work.now_us)
    rows = work.tx.find(SecretRow, key_id=key.id)
    living = [row for row in rows if secret_state(row, work.now_us) not in _OVER]
    if overlap_seconds and len(living) >= SECRETS_MAX:
        reason = f"{SECRETS_MAX} secrets of the key work already"
        raise Taken("overlap_seconds", reason, "end one of them, or choose 0")
    for row in living:
        _end(work, row, work.now_us + overlap_seconds * _SECOND_US)
    version = 1 + max((row.version for row in rows), default=0)
    after = {"version": version, "overlap_seconds": overlap_seconds}
    work.note("key.rotate", key.id, after=after)
    secret = mint_secret(work, key, version)
    return Created(told_key(work, key), Issued(key, secret))


def end_secret(work: Work, id: str, secret_id: str) -> None:
    """Refuse one secret of a key from now on; of one that is over, nothing changes.

    Raises Taken for the last that works: that is to revoke the key.
    """
    key = living_key(work, id)
    rows = {row.id: row for row in work.tx.find(SecretRow, key_id=key.id)}
    if not ids.is_id(secret_id, ids.SECRET) or secret_id not in rows:
        raise NotFound("secret")
    living = [r.id for r in rows.values() if secret_state(r, work.now_us) not in _OVER]
    if secret_id not in living:
        return
    if len(living) == 1:
        mend = "rotate the key first, or revoke it"
        raise Taken("secret", "is the only one of the key that works", mend)
    _end(work, rows[secret_id], work.now_us)


def _check(overlap_seconds: int) -> list[Problem]:
    if 0 <= overlap_seconds <= OVERLAP_SECONDS_MAX:
        return []
    mend = f"choose 0 to {OVERLAP_SECONDS_MAX} seconds"
    reason = "is negative" if overlap_seconds < 0 else "is longer than 31 days"
    return [Problem("overlap_seconds", reason, mend)]


def _demand_use(key: Key, now_us: int) -> None:
    """A new secret of a key that is over would be handed out for nothing."""
    state = state_of(key, now_us)
    if state is KeyState.REVOKED:
        raise Taken("state", "the key is revoked for good", "create a new key")
    if state is KeyState.EXPIRED:
        raise Taken("state", "the key has ended", "move its ends_at first")


def _end(work: Work, row: SecretRow, at_us: int) -> None:
    """Let a secret end at that time, if it does not before.

    What ends now is revoked: no node's clock has a say in it.
    """
    if row.ends_at is not None and row.ends_at <= at_us:
        return
    field = "revoked_at" if at_us <= work.now_us else "ends_at"
    before = {field: getattr(row, field)}
    work.tx.update(row, **{field: at_us})
    work.note("secret.end", row.id, before, {field: at_us})

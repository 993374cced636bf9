"""Taking a rotation back, while what it replaced still works."""

from typing import Any

from keyhouse.core.entities import Replaced, SecretRow
from keyhouse.core.rotation import is_over
from keyhouse.services.issue.commands import living_key, told_key
from keyhouse.services.issue.rotation import demand_use, end
from keyhouse.services.issue.views import KeyView
from keyhouse.services.privilege import demand_no_more
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Look, Work

_AGAIN = "rotate the key again"
# A secret that was replaced, perhaps for it leaked, would else be rid of its end and
# have the one that is to follow it refused.
_OWN = "is of the key that asks"


def roll_back(work: Work, id: str) -> KeyView:
    """End a key's newest secret; those that it replaced go on as they did before.

    Raises Taken where there is no rotation to take back, where something was
    changed since, where the overlap is over (what was refused once is not let
    in again), and for the actor's own key.
    """
    key = living_key(work, id)
    demand_no_more(work, key)
    demand_use(key, work.now_us)
    rows = {row.id: row for row in work.tx.find(SecretRow, key_id=key.id)}
    newest = max(rows.values(), key=lambda row: row.version)
    problem = why_not(work, rows, newest)
    if problem is not None:
        mend = "have another key or a person do it" if problem == _OWN else _AGAIN
        raise Taken("rotation", problem, mend)
    for found in newest.replaces:
        _put_back(work, rows[found.secret_id], found)
    end(work, newest, work.now_us)
    work.note("key.roll_back", key.id, after={"version": newest.version})
    return told_key(work, key)


def why_not(at: Look | Work, rows: dict[str, SecretRow], newest: SecretRow) -> str | None:
    """Why the actor cannot take back the rotation that made `newest`, None where they can.

    `rows` are all secrets of the key, by id.
    """
    now_us = at.now_us
    if newest.key_id == at.actor.id:
        return _OWN
    if is_over(newest, now_us):
        return "is taken back already, or its secret has ended"
    if not newest.replaces:
        return "has replaced no secret"
    # What had an end before, and came to it, is not this rotation's affair.
    due = [one for one in newest.replaces if one.ends_at is None or one.ends_at > now_us]
    replaced = [rows[one.secret_id] for one in due]
    if not replaced or any(is_over(row, now_us) for row in replaced):
        return "is final: the overlap is over, or a secret in it was ended"
    return None


def _put_back(work: Work, row: SecretRow, found: Replaced) -> None:
    """Let a secret be what the rotation found. Whatever is over stays so."""
    if is_over(row, work.now_us):
        return
    after: dict[str, Any] = {
        "ends_at": found.ends_at,
        "replaced_at": found.replaced_at,
        "waits_for": found.waits_for,
        "overlap_seconds": found.overlap_seconds,
    }
    before = {name: getattr(row, name) for name in after}
    work.tx.update(row, **after)
    work.note("secret.resume", row.id, before, after)

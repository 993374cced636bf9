"""A new secret for a key: its id, limits and counts stay."""

from enum import Enum
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import Key, KeyKind, Replaced, SecretRow
from keyhouse.core.rotation import OVERLAP_SECONDS_MAX, is_over
from keyhouse.core.validation import Problem, check_overlap
from keyhouse.services.issue.commands import Created, living_key, told_key
from keyhouse.services.issue.minting import Issued, mint_secret
from keyhouse.services.issue.schedules import schedule_of_key
from keyhouse.services.privilege import demand_no_more
from keyhouse.services.refusals import Invalid, NotFound, Taken, refuse
from keyhouse.services.work import Work

__all__ = ["OVERLAP_SECONDS_MAX", "Usual", "demand_use", "end", "end_secret", "rotate_key"]

SECRETS_MAX: Final = 10
"""How many secrets of a key may work at once; the data plane holds them all."""
_SECOND_US: Final = 1_000_000


class Usual(Enum):
    """In place of an overlap: the one that the key's schedule names."""

    OVERLAP = "overlap"


def rotate_key(
    work: Work,
    id: str,
    overlap_seconds: int | Usual | None,
    *,
    on_first_use: bool = False,
) -> Created:
    """Give a key a new secret; those it has end after the overlap at the latest.

    With an overlap of 0 they are refused at once, with None not until somebody
    ends them. `on_first_use` has it begin when the new one is first used.
    Raises Invalid for an overlap that cannot be, Taken for a key that no
    secret would open or whose replaced secret asks, and Forbidden for a
    management key that may do more than the actor.
    """
    key = living_key(work, id)
    overlap = _overlap(work, key, overlap_seconds)
    refuse(_check(key, overlap, on_first_use=on_first_use))
    demand_no_more(work, key)
    demand_use(key, work.now_us)
    rows = work.tx.find(SecretRow, key_id=key.id)
    _demand_newest(work, rows)
    living = [row for row in rows if not is_over(row, work.now_us)]
    ends_at_once = overlap == 0 and not on_first_use
    if not ends_at_once and len(living) >= SECRETS_MAX:
        reason = f"{SECRETS_MAX} secrets of the key work already"
        raise Taken("overlap_seconds", reason, "end one of them, or choose 0")
    version = 1 + max((row.version for row in rows), default=0)
    for row in living:
        if on_first_use and overlap is not None:
            _wait(work, row, version, overlap)
        else:
            _replace(work, row, overlap)
    after: dict[str, Any] = {"version": version, "overlap_seconds": overlap}
    if on_first_use:
        after["on_first_use"] = True
    work.note("key.rotate", key.id, after=after)
    replaced = tuple(map(_found, living))
    secret = mint_secret(work, key, version, replaced)
    return Created(told_key(work, key), Issued(key, secret))


def end_secret(work: Work, id: str, secret_id: str) -> None:
    """Refuse one secret of a key from now on; of one that is over, nothing changes.

    Raises Taken for the last that works: that is to revoke the key.
    """
    key = living_key(work, id)
    rows = {row.id: row for row in work.tx.find(SecretRow, key_id=key.id)}
    if not ids.is_id(secret_id, ids.SECRET) or secret_id not in rows:
        raise NotFound("secret")
    living = [row.id for row in rows.values() if not is_over(row, work.now_us)]
    if secret_id not in living:
        return
    if len(living) == 1:
        mend = "rotate the key first, or revoke it"
        raise Taken("secret", "is the only one of the key that works", mend)
    end(work, rows[secret_id], work.now_us)


def _demand_newest(work: Work, rows: list[SecretRow]) -> None:
    """Who holds a secret that was replaced has it up to its end, and no newer one.

    They would else be rid of that end; the secret may have leaked.
    """
    if any(row.id == work.actor.secret_id and row.replaced_at is not None for row in rows):
        reason = "is replaced: the key's newest may rotate it"
        raise Taken("secret", reason, "use that, or have another key or a person do it")


def demand_use(key: Key, now_us: int) -> None:
    """A new secret of a key that is over would be handed out for nothing.

    One that is disabled may be over as well: its state tells only the first.
    """
    if key.revoked_at is not None:
        raise Taken("state", "the key is revoked for good", "create a new key")
    if key.ends_at is not None and now_us >= key.ends_at:
        raise Taken("state", "the key has ended", "move its ends_at first")


def end(work: Work, row: SecretRow, at_us: int, **besides: object) -> None:
    """Let a secret end at that time, if it does not before.

    What ends now is revoked: no node's clock has a say in it. `besides` are
    columns that change with it.
    """
    if row.ends_at is None or row.ends_at > at_us:
        field = "revoked_at" if at_us <= work.now_us else "ends_at"
        before = {field: getattr(row, field)}
        besides[field] = at_us
        work.note("secret.end", row.id, before, {field: at_us})
    work.tx.update(row, **besides)


def _overlap(work: Work, key: Key, given: int | Usual | None) -> int | None:
    if not isinstance(given, Usual):
        return given
    held = schedule_of_key(work.tx, key)
    if held is None or held.schedule.overlap_seconds is None:
        mend = "give it, or put one into the key's rotation"
        raise Invalid([Problem("overlap_seconds", "is missing", mend)])
    return held.schedule.overlap_seconds


def _check(key: Key, overlap: int | None, *, on_first_use: bool) -> list[Problem]:
    problems = check_overlap("overlap_seconds", overlap)
    if on_first_use and overlap is None:
        mend = "give overlap_seconds, or leave it out"
        problems.append(Problem("on_first_use", "begins an overlap without end", mend))
    if on_first_use and key.kind is KeyKind.MANAGEMENT:
        mend = "let the overlap begin now"
        reason = "is not for management keys, whose use is not counted"
        problems.append(Problem("on_first_use", reason, mend))
    return problems


def _found(row: SecretRow) -> Replaced:
    """What a rotation found of a secret; how it is put back."""
    return Replaced(
        secret_id=row.id,
        ends_at=row.ends_at,
        replaced_at=row.replaced_at,
        waits_for=row.waits_for,
        overlap_seconds=row.overlap_seconds,
    )


def _replace(work: Work, row: SecretRow, overlap: int | None) -> None:
    """A newer one is there: it ends after the overlap, if that has an end."""
    replaced = work.now_us if row.replaced_at is None else row.replaced_at
    if overlap is None:
        work.tx.update(row, replaced_at=replaced)
    else:
        end(work, row, work.now_us + overlap * _SECOND_US, replaced_at=replaced)


def _wait(work: Work, row: SecretRow, version: int, overlap: int) -> None:
    """Its overlap begins with the first use of that version, or of a newer one.

    One that waits already goes on to wait for what it did: nothing that
    happens later makes a secret last longer.
    """
    held = row.overlap_seconds
    waits = row.waits_for is not None and held is not None
    after = {
        "waits_for": row.waits_for if waits else version,
        "overlap_seconds": min(held, overlap) if waits and held is not None else overlap,
    }
    replaced = work.now_us if row.replaced_at is None else row.replaced_at
    work.tx.update(row, replaced_at=replaced, **after)
    work.note("secret.wait", row.id, after=after)

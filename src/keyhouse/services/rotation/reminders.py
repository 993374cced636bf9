"""Reminders: each once, whoever looks and however often."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from keyhouse.core.entities import (
    Key,
    Member,
    Organization,
    Person,
    Reminder,
    ReminderKind,
    Role,
)
from keyhouse.core.rotation import DAY_US, DAYS_BEFORE, ON_THE_DAY, stage_of
from keyhouse.ports import Mailer, Transaction, WritingTransaction
from keyhouse.services.actor import WORKER, all_powerful
from keyhouse.services.jobs import Claim
from keyhouse.services.rotation.due import Dated, dates_of
from keyhouse.services.rotation.letters import due_letter
from keyhouse.services.work import Office

KEYS_AT_ONCE: Final = 500
WRITTEN_AT_ONCE: Final = 50
"""Few enough that a gateway, which waits meanwhile, does not notice."""
LINES_MAX: Final = 50
"""So many keys are named in one mail; of the others it tells the number."""
READERS_MAX: Final = 20
_STAGES: Final = {
    ReminderKind.ROTATION: (*DAYS_BEFORE, ON_THE_DAY),
    ReminderKind.EXPIRY: DAYS_BEFORE,
}
_READERS: Final = (Role.OWNER, Role.ADMIN)


@dataclass(slots=True)
class _Letter:
    """What an organization is to hear of in this round."""

    lines: list[Dated] = field(default_factory=list)
    more: int = 0

    def add(self, one: Dated) -> None:
        if len(self.lines) < LINES_MAX:
            self.lines.append(one)
        else:
            self.more += 1


def remind(office: Office, mailer: Mailer, public_url: str, claim: Claim) -> int:
    """Remind of what nears: noted in the audit, and mailed; returns of how many keys.

    A reminder is written down before its mail goes out, and the mail of one
    round is one for each reader, whatever it names. So nobody is mailed twice;
    a process that dies between the two leaves the audit row alone.
    """
    letters: dict[str, _Letter] = defaultdict(_Letter)
    told, cursor = 0, None
    try:
        while not claim.stopped():
            found, cursor = _nearing(office, cursor)
            for one in _written_down(office, claim, found):
                letters[one.key.organization_id].add(one)
                told += 1
            if cursor is None:
                break
    finally:
        _mail(office, mailer, public_url, letters)
    return told


def _nearing(office: Office, cursor: str | None) -> tuple[list[Dated], str | None]:
    """What is to be told of some keys, and the cursor behind them."""
    now_us = office.clock.now_us()
    until_us = now_us + (max(DAYS_BEFORE) + 1) * DAY_US
    with office.rows.reading() as tx:
        page = tx.keys_with_dates(
            None,
            after=cursor,
            limit=KEYS_AT_ONCE,
            ends_from_us=now_us,
            ends_until_us=until_us,
        )
        dated = dates_of(tx, page.rows, now_us, until_us)
        rows = tx.find(Reminder, id=tuple(one.id for one in dated)) if dated else []
    known = {row.id: row for row in rows}
    news = [one for one in dated if _is_news(one, known.get(one.id), now_us)]
    return news, page.next_cursor


def _is_news(one: Dated, last: Reminder | None, now_us: int) -> bool:
    stage = _stage(one, now_us)
    if stage is None:
        return False
    return last is None or last.due_at != one.due_at or last.days > stage


def _stage(one: Dated, now_us: int) -> int | None:
    return stage_of(one.due_at, one.began_at, now_us, _STAGES[one.kind])


def _written_down(office: Office, claim: Claim, found: list[Dated]) -> Iterator[Dated]:
    """Those of `found` that are to be told yet, each once it is written down."""
    for start in range(0, len(found), WRITTEN_AT_ONCE):
        if claim.stopped():
            return
        part = found[start : start + WRITTEN_AT_ONCE]
        with office.rows.writing() as tx:
            claim.fence(tx)
            told = [one for one in part if _write_down(office, tx, one)]
        yield from told


def _write_down(office: Office, tx: WritingTransaction, one: Dated) -> bool:
    now_us = office.clock.now_us()
    # The key first: whoever else writes of it waits here, and reads what we wrote.
    key = tx.get(Key, one.key.id)
    if key is None or key.revoked_at is not None or key.deleted_at is not None:
        return False
    last, stage = tx.get(Reminder, one.id), _stage(one, now_us)
    if stage is None or not _is_news(one, last, now_us):
        return False
    if last is None:
        tx.insert(
            Reminder(
                id=one.id,
                organization_id=key.organization_id,
                key_id=key.id,
                kind=one.kind,
                due_at=one.due_at,
                days=stage,
                at=now_us,
            )
        )
    else:
        tx.update(last, due_at=one.due_at, days=stage, at=now_us)
    work = office.work(tx, all_powerful(WORKER, key.organization_id))
    days_left = max(0, -(-(one.due_at - now_us) // DAY_US))
    if one.kind is ReminderKind.ROTATION:
        after = {"due_at": one.due_at, "days_left": days_left}
        work.note("key.rotation_due", key.id, after=after)
    else:
        after = {"ends_at": one.due_at, "days_left": days_left}
        work.note("key.expiring", key.id, after=after)
    return True


def _mail(
    office: Office, mailer: Mailer, public_url: str, letters: dict[str, _Letter]
) -> None:
    now_us = office.clock.now_us()
    for organization_id, letter in letters.items():
        with office.rows.reading() as tx:
            organization = tx.get(Organization, organization_id)
            addresses = _readers(tx, organization_id)
            owners = _owners(tx, organization_id, letter.lines)
        if organization is None or organization.disabled_at is not None:
            continue
        lines = sorted(letter.lines, key=lambda one: one.due_at)
        for address in addresses:
            mailer.send(
                due_letter(
                    address, organization.name, lines, letter.more, public_url, now_us
                )
            )
        for address, own in owners.items():
            if address not in addresses:
                name = organization.name
                mailer.send(due_letter(address, name, own, 0, public_url, now_us))


def _owners(
    tx: Transaction, organization_id: str, lines: list[Dated]
) -> dict[str, list[Dated]]:
    """What each member is to hear of the keys that they answer for, by address."""
    by_owner: dict[str, list[Dated]] = defaultdict(list)
    for line in sorted(lines, key=lambda one: one.due_at):
        if line.key.owner_id:
            by_owner[line.key.owner_id].append(line)
    named = tuple(by_owner)
    if not named:
        return {}
    rows = tx.find(Member, organization_id=organization_id, person_id=named)
    people = tx.find(Person, id=tuple(row.person_id for row in rows)) if rows else []
    return {one.email: by_owner[one.id] for one in people if one.disabled_at is None}


def _readers(tx: Transaction, organization_id: str) -> list[str]:
    """The addresses of those who answer for an organization's keys."""
    rows = tx.find(Member, organization_id=organization_id, role=_READERS)
    named = tuple(row.person_id for row in rows)
    people = tx.find(Person, id=named) if named else []
    return [one.email for one in people if one.disabled_at is None][:READERS_MAX]

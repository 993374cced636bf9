"""Guessing is slowed down: by the account that is tried and by where it comes from.

A try is counted before it is looked at, so that many at once gain nothing.
The counts are in the database: they hold across processes and restarts.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from keyhouse.core.entities import Attempt
from keyhouse.core.mailboxes import mailbox
from keyhouse.ports import Conflict, Transaction
from keyhouse.services.people.means import SECOND_US, Means
from keyhouse.services.people.refusals import TooManyAttempts

WINDOW_US: Final = 3600 * SECOND_US
"""Tries are forgotten an hour after the first of them."""
DELAY_SECONDS: Final = 30
DELAY_SECONDS_MAX: Final = 900
"""Long enough to make guessing hopeless, short enough for one who is locked out."""
FREE: Final[Mapping[str, int]] = {"account": 5, "source": 30}
"""Tries before there is a wait; each one after them doubles it."""
_PREFIX_BITS: Final = 64
"""Whoever has one IPv6 address has the whole network of it."""


class Subject(NamedTuple):
    """What is counted, for one kind of try."""

    kind: str
    purpose: str
    name: str

    @property
    def id(self) -> str:
        """The row's id; who reads it learns no address from it."""
        text = f"{self.purpose}\n{self.name}".encode("utf-8", "surrogateescape")
        return f"{self.kind}/{blake2b(text, digest_size=16).hexdigest()}"


def subjects(purpose: str, email: str, address: str) -> tuple[Subject, Subject]:
    """The account and the source of one try."""
    return (
        Subject("account", purpose, mailbox(email)),
        Subject("source", purpose, _network(address)),
    )


def take(means: Means, counted: Sequence[Subject]) -> None:
    """Count a try. Raises TooManyAttempts, and counts nothing, where one must wait."""
    now = means.now_us
    with means.office.rows.writing() as tx:
        rows = [(_row(tx, subject, now), FREE[subject.kind]) for subject in counted]
        wait_us = max(row.blocked_until for row, _ in rows) - now
        if wait_us > 0:
            raise TooManyAttempts(-(-wait_us // SECOND_US))
        for row, free in rows:
            _count(tx, row, free, now)


def forgive(means: Means, counted: Sequence[Subject]) -> None:
    """The try was right: its account starts afresh, and its source has it back."""
    with means.office.rows.writing() as tx:
        for subject in counted:
            row = tx.get(Attempt, subject.id)
            if row is None:
                continue
            if subject.kind == "account":
                tx.remove(row)
            else:
                tx.update(row, count=max(0, row.count - 1), blocked_until=0)


def _row(tx: Transaction, subject: Subject, now_us: int) -> Attempt:
    """The subject's row, locked; made where it is missing."""
    row = tx.get(Attempt, subject.id)
    if row is not None:
        return row
    fresh = Attempt(id=subject.id, count=0, since=now_us, blocked_until=0)
    try:
        tx.insert(fresh)
    except Conflict:  # another was quicker
        return tx.get(Attempt, subject.id) or fresh
    return fresh


def _count(tx: Transaction, row: Attempt, free: int, now_us: int) -> None:
    fresh = now_us - row.since > WINDOW_US
    count = 1 if fresh else row.count + 1
    over = count - free
    delay = min(DELAY_SECONDS << min(over - 1, 8), DELAY_SECONDS_MAX) if over > 0 else 0
    tx.update(
        row,
        count=count,
        since=now_us if fresh else row.since,
        blocked_until=now_us + delay * SECOND_US if delay else 0,
    )


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped or int(known) >> _PREFIX_BITS)
    return str(known)

"""Mailed links: made, and used once."""

from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Person, Purpose, Ticket
from keyhouse.core.tokens import ENTROPY_BYTES, make_token, token_digest
from keyhouse.ports import Transaction
from keyhouse.services.people.means import SECOND_US, Means
from keyhouse.services.people.refusals import BadTicket

HOUR_US: Final = 3600 * SECOND_US


def issue_confirmation(
    means: Means,
    tx: Transaction,
    *,
    email: str,
    name: str,
    password_hash: str,
    invitation_id: str | None,
    hours: int,
    spent: bool,
) -> str:
    """Keep what was typed at a sign-up until the link is used; its token.

    With `spent` it never opens anything: what is written for an address that
    is known already takes as long, and is no account.
    """
    now = means.now_us
    token = make_token(means.office.entropy.take(ENTROPY_BYTES))
    row = Ticket(
        id=means.office.new_id(ids.TICKET, now),
        purpose=Purpose.CONFIRM,
        email=email,
        digest=token_digest(token),
        created_at=now,
        ends_at=now + hours * HOUR_US,
        used_at=now if spent else None,
        name=name,
        password_hash=None if spent else password_hash,
        invitation_id=invitation_id,
    )
    tx.insert(row)
    return token


def issue_reset(
    means: Means, tx: Transaction, email: str, person: Person | None, hours: int
) -> str:
    """A link to set a new password; its token. Spent where there is no such person."""
    now = means.now_us
    token = make_token(means.office.entropy.take(ENTROPY_BYTES))
    row = Ticket(
        id=means.office.new_id(ids.TICKET, now),
        purpose=Purpose.RESET,
        email=email,
        digest=token_digest(token),
        created_at=now,
        ends_at=now + hours * HOUR_US,
        used_at=now if person is None else None,
        person_id=None if person is None else person.id,
    )
    tx.insert(row)
    return token


def find_ticket(tx: Transaction, purpose: Purpose, token: str, now_us: int) -> Ticket:
    """The ticket of a link that works still, left as it is. Raises BadTicket."""
    found = tx.find(Ticket, digest=token_digest(token), purpose=purpose, used_at=None)
    if not found or now_us >= found[0].ends_at:
        raise BadTicket
    return found[0]


def use_ticket(tx: Transaction, purpose: Purpose, token: str, now_us: int) -> Ticket:
    """The ticket of a link, used up, with all others to the same end.

    Raises BadTicket where it opens nothing (any more).
    """
    found = tx.find(Ticket, digest=token_digest(token), purpose=purpose)
    if not found:
        raise BadTicket
    # All of one address are locked in one order: of two used at once, one comes late.
    unused = tx.find(Ticket, email=found[0].email, purpose=purpose, used_at=None)
    held = [row for one in unused if (row := tx.get(Ticket, one.id)) is not None]
    mine = [row for row in held if row.id == found[0].id]
    if not mine or mine[0].used_at is not None or now_us >= mine[0].ends_at:
        raise BadTicket
    for row in held:
        tx.update(row, used_at=now_us, password_hash=None)
    return mine[0]

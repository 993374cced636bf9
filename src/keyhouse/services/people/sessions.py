"""Browsers that somebody is logged in with."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Member,
    Organization,
    Person,
    Resource,
    Role,
    Session,
)
from keyhouse.core.records import GrantRecord
from keyhouse.core.roles import scopes_of
from keyhouse.core.tokens import ENTROPY_BYTES, make_token, token_digest
from keyhouse.ports import StoreUnavailable, Transaction
from keyhouse.services.actor import Actor
from keyhouse.services.people.means import DAY_US, SECOND_US, Means
from keyhouse.services.refusals import NotFound

IDLE_DAYS: Final = 14
DAYS_MAX: Final = 90
TOUCH_US: Final = 60 * SECOND_US
"""When a session was seen is written no more often."""
_AGENT_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. `token` is for its cookie and nowhere else.

    `ends_at` is when the session ends however much it is used.
    """

    session_id: str
    token: str = field(repr=False)
    person: Person
    ends_at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """An organization that somebody belongs to, and as what."""

    organization: Organization
    role: Role


@dataclass(frozen=True, slots=True)
class Signed:
    """Who a cookie stands for. `memberships` are in the order of organizations' age."""

    session: Session
    person: Person
    memberships: tuple[Membership, ...]

    def membership(self, organization_id: str) -> Membership | None:
        """The membership in that organization."""
        for one in self.memberships:
            if one.organization.id == organization_id:
                return one
        return None


def open_session(
    means: Means, tx: Transaction, person: Person, address: str, agent: str
) -> SignedIn:
    """A new session of somebody who has proved who they are."""
    now = means.now_us
    token = make_token(means.office.entropy.take(ENTROPY_BYTES))
    row = Session(
        id=means.office.new_id(ids.SESSION, now),
        person_id=person.id,
        digest=token_digest(token),
        created_at=now,
        seen_at=now,
        ends_at=now + IDLE_DAYS * DAY_US,
        address=_tidy(address),
        agent=_tidy(agent),
    )
    tx.insert(row)
    return SignedIn(row.id, token, person, now + DAYS_MAX * DAY_US)


def find_session(means: Means, token: str) -> Signed | None:
    """Who the cookie's token stands for; None where it opens nothing (any more)."""
    now = means.now_us
    with means.office.rows.reading() as tx:
        found = tx.find(Session, digest=token_digest(token))
        if not found or now >= found[0].ends_at:
            return None
        person = tx.get(Person, found[0].person_id)
        if person is None or person.disabled_at is not None:
            return None
        signed = Signed(found[0], person, _memberships(tx, person))
    if now - found[0].seen_at >= TOUCH_US:
        _touch(means, found[0], now)
    return signed


def list_sessions(means: Means, person_id: str) -> list[Session]:
    """The person's living sessions, the last seen first."""
    with means.office.rows.reading() as tx:
        found = _living(tx, person_id, means.now_us)
    return sorted(found, key=lambda row: row.seen_at, reverse=True)


def end_session(means: Means, person_id: str, session_id: str) -> None:
    """Log a browser out. Raises NotFound where it is not that person's."""
    now = means.now_us
    with means.office.rows.writing() as tx:
        known = ids.is_id(session_id, ids.SESSION)
        row = tx.get(Session, session_id) if known else None
        if row is None or row.person_id != person_id or now >= row.ends_at:
            raise NotFound("session")
        tx.update(row, ends_at=now, ended_at=now)


def end_sessions(
    tx: Transaction, person_id: str, now_us: int, keep: str | None = None
) -> None:
    """Log all browsers of a person out, but for the session `keep`."""
    for row in _living(tx, person_id, now_us):
        if row.id != keep:
            tx.update(row, ends_at=now_us, ended_at=now_us)


def actor_of(
    signed: Signed, organization_id: str, address: str, request_id: str
) -> Actor | None:
    """The person at work in one of their organizations; None in any other."""
    held = signed.membership(organization_id)
    if held is None:
        return None
    return member_actor(signed.person.id, organization_id, held.role, address, request_id)


def member_actor(
    person_id: str, organization_id: str, role: Role, address: str, request_id: str = ""
) -> Actor:
    """Somebody with all that a role may do in the whole organization."""
    grant = GrantRecord(
        Resource.ORGANIZATION, organization_id, organization_id, None, scopes_of(role)
    )
    return Actor(person_id, organization_id, (grant,), address, request_id)


def _living(tx: Transaction, person_id: str, now_us: int) -> list[Session]:
    rows = tx.find(Session, person_id=person_id, ended_at=None)
    return [row for row in rows if now_us < row.ends_at]


def _memberships(tx: Transaction, person: Person) -> tuple[Membership, ...]:
    roles = {row.organization_id: row.role for row in tx.find(Member, person_id=person.id)}
    if not roles:
        return ()
    found = tx.find(Organization, id=tuple(roles))
    return tuple(Membership(row, roles[row.id]) for row in found if row.disabled_at is None)


def _touch(means: Means, row: Session, now_us: int) -> None:
    """Seen now, and good for as long again. A page is shown even if this fails."""
    last = row.created_at + DAYS_MAX * DAY_US
    ends = min(now_us + IDLE_DAYS * DAY_US, last)
    with suppress(StoreUnavailable), means.office.rows.writing() as tx:
        fresh = tx.get(Session, row.id)
        if fresh is not None and fresh.ended_at is None:
            tx.update(fresh, seen_at=now_us, ends_at=ends)


def _tidy(text: str) -> str:
    """What a browser told of itself, as it can be kept and shown."""
    return "".join(sign for sign in text if sign.isprintable())[:_AGENT_LENGTH_MAX]

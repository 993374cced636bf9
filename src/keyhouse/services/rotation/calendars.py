"""Calendars: what is due, for programs that can send no header.

The address of a feed is all that opens it. So it tells little, and only while
whoever made it may see as much.
"""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Application,
    Calendar,
    Key,
    Member,
    Organization,
    Person,
    Project,
    Resource,
    SecretRow,
)
from keyhouse.core.roles import scopes_of
from keyhouse.core.rotation import DAY_US, is_over
from keyhouse.core.scopes import covers
from keyhouse.core.tokens import ENTROPY_BYTES, make_token, token_digest
from keyhouse.core.validation import check_name
from keyhouse.ports import Page, Transaction
from keyhouse.services import issue
from keyhouse.services.actor import OPERATOR
from keyhouse.services.issue import READ, WRITE, KeyState
from keyhouse.services.refusals import NotFound, Taken, refuse
from keyhouse.services.rotation.due import Dated, dates_of
from keyhouse.services.work import Look, Office, Turn, Work

CALENDARS_MAX: Final = 20
"""So many may one person, or key, have in an organization."""
EVENTS_MAX: Final = 1000
AHEAD_DAYS: Final = 366
_KEYS_AT_ONCE: Final = 200
_TOKEN_LENGTH: Final = 43


class CalendarMade(NamedTuple):
    """A new calendar and its token: nowhere else, and never again."""

    calendar: Calendar
    token: str


class Feed(NamedTuple):
    """What a calendar shows, the soonest first."""

    organization: str
    events: list[Dated]


def create_calendar(work: Work, name: str) -> CalendarMade:
    """Make a calendar of all keys of the organization."""
    work.actor.whole(READ)
    refuse(check_name("name", name))
    home, maker = work.actor.organization_id, work.actor.id
    held = work.tx.find(Calendar, organization_id=home, created_by=maker)
    if len(held) >= CALENDARS_MAX:
        raise Taken("calendars", f"are {CALENDARS_MAX} already", "delete one")
    token = make_token(work.entropy.take(ENTROPY_BYTES))
    row = Calendar(
        id=work.new_id(ids.CALENDAR),
        organization_id=home,
        name=name,
        digest=token_digest(token),
        created_by=maker,
        created_at=work.now_us,
    )
    return CalendarMade(work.add("calendar.create", row), token)


def list_calendars(look: Look, turn: Turn) -> Page:
    """The organization's calendars, the newest first."""
    look.actor.whole(READ)
    equals = {"organization_id": look.actor.organization_id}
    return look.page(Calendar, turn, equals)


def get_calendar(at: Look | Work, id: str) -> Calendar:
    """One calendar of the organization."""
    at.actor.whole(READ)
    row = at.tx.get(Calendar, id) if ids.is_id(id, ids.CALENDAR) else None
    if row is None or row.organization_id != at.actor.organization_id:
        raise NotFound("calendar")
    return row


def delete_calendar(work: Work, id: str) -> None:
    """Close a calendar's address: one's own, or anybody's with the scope to write."""
    row = get_calendar(work, id)
    if row.created_by != work.actor.id:
        work.actor.whole(WRITE)
    work.drop("calendar.delete", row)


def read_feed(office: Office, token: str) -> Feed | None:
    """What the calendar of that token shows; None for any other text."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    now_us = office.clock.now_us()
    with office.rows.reading() as tx:
        # Found by its digest: how long that takes says nothing of the token.
        (calendar, *_) = tx.find(Calendar, digest=token_digest(token)) or (None,)
        if calendar is None:
            return None
        organization = tx.get(Organization, calendar.organization_id)
        if organization is None or organization.disabled_at is not None:
            return None
        if not _is_good(tx, calendar, now_us):
            return None
        return Feed(organization.name, _events(tx, organization.id, now_us))


def _is_good(tx: Transaction, calendar: Calendar, now_us: int) -> bool:
    """Whether whoever made it may still see what it shows."""
    maker, home = calendar.created_by, calendar.organization_id
    if ids.is_id(maker, ids.PERSON):
        member, person = tx.get(Member, f"{home}/{maker}"), tx.get(Person, maker)
        if member is None or person is None or person.disabled_at is not None:
            return False
        return covers(scopes_of(member.role), READ)
    if ids.is_id(maker, ids.KEY):
        key = tx.get(Key, maker)
        if key is None or not _works(tx, key, now_us):
            return False
        rows = tx.find(Access, key_id=key.id, resource=Resource.ORGANIZATION)
        return any(covers(frozenset(row.scopes), READ) for row in rows)
    return maker == OPERATOR


def _works(tx: Transaction, key: Key, now_us: int) -> bool:
    """Whether the key would be let in, from a network where it may be used.

    Which those are is not asked: a calendar program reads from wherever it is.
    """
    if issue.state_of(key, now_us) is not KeyState.ACTIVE:
        return False
    owners = tx.get(Application, key.application_id), tx.get(Project, key.project_id)
    if any(owner is None or owner.disabled_at is not None for owner in owners):
        return False
    secrets = tx.find(SecretRow, key_id=key.id)
    return not all(is_over(secret, now_us) for secret in secrets)


def _events(tx: Transaction, organization_id: str, now_us: int) -> list[Dated]:
    until_us = now_us + AHEAD_DAYS * DAY_US
    events: list[Dated] = []
    cursor = None
    while len(events) < EVENTS_MAX:
        page = tx.keys_with_dates(
            organization_id,
            after=cursor,
            limit=_KEYS_AT_ONCE,
            ends_from_us=now_us,
            ends_until_us=until_us,
        )
        events += dates_of(tx, page.rows, now_us, until_us)
        cursor = page.next_cursor
        if cursor is None:
            break
    return sorted(events, key=lambda one: one.due_at)[:EVENTS_MAX]

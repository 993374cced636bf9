"""What is done for people by a command on the machine itself."""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Member, Person
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.validation import check_email, check_name
from keyhouse.ports import Transaction
from keyhouse.services.people.means import Means, find_person
from keyhouse.services.people.sessions import end_sessions
from keyhouse.services.people.tickets import issue_reset
from keyhouse.services.refusals import NotFound, Taken, refuse

LINK_HOURS: Final = 24
"""A link that an operator hands over takes longer to arrive than a mail."""


class KnownPerson(NamedTuple):
    """A person, and in which organizations as what: `org_…=owner`."""

    person: Person
    roles: tuple[str, ...]


def list_people(means: Means) -> list[KnownPerson]:
    """Everybody that this installation knows, the oldest first."""
    with means.office.rows.reading() as tx:
        members = tx.find(Member)
        people = tx.find(Person)
    roles: dict[str, list[str]] = {}
    for row in members:
        roles.setdefault(row.person_id, []).append(f"{row.organization_id}={row.role}")
    return [KnownPerson(row, tuple(roles.get(row.id, ()))) for row in people]


def add_person(means: Means, email: str, name: str) -> Person:
    """Somebody who may log in once a password is set. Raises Taken."""
    email, name, now = mailbox(email), name.strip(), means.now_us
    name = name or email.partition("@")[0]
    refuse([*check_email("email", email), *check_name("name", name)])
    row = Person(
        id=means.office.new_id(ids.PERSON, now),
        email=email,
        name=name,
        created_at=now,
        updated_at=now,
    )
    with means.office.rows.writing() as tx:
        if find_person(tx, email) is not None:
            raise Taken("email", "has an account", "make a link with `people reset`")
        tx.insert(row)
    return row


def reset_link(means: Means, email: str) -> str:
    """A link with which that person sets a password. Raises NotFound."""
    with means.office.rows.writing() as tx:
        person = _known(tx, email)
        if person.disabled_at is not None:
            raise Taken("email", "is disabled", "enable the person first")
        token = issue_reset(means, tx, person.email, person, LINK_HOURS)
    return f"{means.public_url}/reset?ticket={token}"


def switch_person(means: Means, email: str, *, disabled: bool) -> Person:
    """Let somebody log in no more (and log them out), or again. Raises NotFound."""
    now = means.now_us
    with means.office.rows.writing() as tx:
        person = _known(tx, email)
        since = (person.disabled_at or now) if disabled else None
        if disabled:
            end_sessions(tx, person.id, now)
        return tx.update(person, disabled_at=since, updated_at=now)


def has_password(means: Means, email: str) -> bool:
    """Whether that person has set a password."""
    with means.office.rows.reading() as tx:
        person = find_person(tx, email)
    return person is not None and person.password_hash is not None


def _known(tx: Transaction, email: str) -> Person:
    person = find_person(tx, email)
    if person is None:
        raise NotFound("person")
    return person

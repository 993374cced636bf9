"""Who answers for a key: a member of its organization."""

from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Member, Person
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.validation import Problem
from keyhouse.services.refusals import Forbidden, Invalid
from keyhouse.services.work import Look, Work

_READ_MEMBERS: Final = "members:read"


def member_named(work: Work, name: str | None) -> str:
    """The person's id of the member with that id or mail address; '' for None.

    Raises Invalid, and in the same words, for whoever is no member. Only who
    may read the members can name one by mail address.
    """
    if name is None:
        return ""
    person_id = _member(work, name)
    if person_id is None:
        mend = "name a member by id or mail address; GET /v1/members lists them"
        raise Invalid([Problem("owner", "is no member here", mend)])
    return person_id


def owner_named(at: Look | Work, name: str) -> str | None:
    """Whom a filter means: by id also one who has left, by mail address a member."""
    return name if ids.is_id(name, ids.PERSON) else _member(at, name)


def _member(at: Look | Work, name: str) -> str | None:
    person_id = name if ids.is_id(name, ids.PERSON) else _addressed(at, name)
    if person_id is None:
        return None
    member = at.tx.get(Member, f"{at.actor.organization_id}/{person_id}")
    return None if member is None else member.person_id


def _addressed(at: Look | Work, address: str) -> str | None:
    try:
        at.actor.whole(_READ_MEMBERS)
    except Forbidden:
        return None
    found = at.tx.find(Person, email=mailbox(address)) if address.isprintable() else []
    return found[0].id if found else None

"""Reading members and invitations."""

from enum import StrEnum
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Invitation, Member, Person
from keyhouse.ports import Page
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

READ = "members:read"
WRITE = "members:write"


class MemberView(NamedTuple):
    """A membership, and who the person is."""

    member: Member
    person: Person


class InvitationState(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class InvitationView(NamedTuple):
    """An invitation, what has become of it, and the name of who invited."""

    invitation: Invitation
    state: InvitationState
    invited_by: str


def list_members(look: Look, turn: Turn) -> Page:
    """The organization's members as views, who joined Keyhouse last first."""
    look.actor.whole(READ)
    page = look.page(Member, turn, {"organization_id": look.actor.organization_id})
    people = _people(look, {row.person_id for row in page.rows})
    views = [MemberView(row, people[row.person_id]) for row in page.rows]
    return Page(views, page.next_cursor)


def get_member(look: Look, person_id: str) -> MemberView:
    """One member; NotFound for a person of other organizations alone."""
    look.actor.whole(READ)
    member = own_member(look, person_id)
    return MemberView(member, _people(look, {person_id})[person_id])


def list_invitations(look: Look, turn: Turn) -> Page:
    """All invitations of the organization as views, the newest first."""
    look.actor.whole(READ)
    page = look.page(Invitation, turn, {"organization_id": look.actor.organization_id})
    people = _people(look, {row.invited_by for row in page.rows})
    return Page([_viewed(look, row, people) for row in page.rows], page.next_cursor)


def state_of(row: Invitation, now_us: int) -> InvitationState:
    """What has become of an invitation by now."""
    if row.accepted_at is not None:
        return InvitationState.ACCEPTED
    if row.withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.EXPIRED if now_us >= row.ends_at else InvitationState.OPEN


def own_member(at: Look | Work, person_id: str) -> Member:
    """The actor's organization's member, locked in a Work; NotFound for any other."""
    known = ids.is_id(person_id, ids.PERSON)
    member = at.tx.get(Member, f"{at.actor.organization_id}/{person_id}") if known else None
    if member is None:
        raise NotFound("member")
    return member


def _viewed(look: Look, row: Invitation, people: dict[str, Person]) -> InvitationView:
    inviter = people.get(row.invited_by)
    name = row.invited_by if inviter is None else inviter.name
    return InvitationView(row, state_of(row, look.now_us), name)


def _people(look: Look, person_ids: set[str]) -> dict[str, Person]:
    found = look.tx.find(Person, id=tuple(person_ids)) if person_ids else []
    return {person.id: person for person in found}

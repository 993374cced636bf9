"""Reading members and invitations."""

from enum import StrEnum
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Invitation, Member, Person, Role
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
    return viewed_member(look, own_member(look, person_id))


def get_invitation(look: Look, id: str) -> InvitationView:
    """One invitation of the organization."""
    look.actor.whole(READ)
    row = own_invitation(look, id)
    return _viewed(look, row, _people(look, {row.invited_by}))


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


def own_invitation(at: Look | Work, id: str) -> Invitation:
    """As `own_member`, for an invitation."""
    row = at.tx.get(Invitation, id) if ids.is_id(id, ids.INVITATION) else None
    if row is None or row.organization_id != at.actor.organization_id:
        raise NotFound("invitation")
    return row


def count_owners(at: Look | Work) -> int:
    """How many owners the organization has: the last one stays."""
    organization = at.actor.organization_id
    return len(at.tx.find(Member, organization_id=organization, role=Role.OWNER))


def viewed_member(at: Look | Work, member: Member) -> MemberView:
    """A member with who it is."""
    return MemberView(member, _people(at, {member.person_id})[member.person_id])


def _viewed(look: Look, row: Invitation, people: dict[str, Person]) -> InvitationView:
    inviter = people.get(row.invited_by)
    name = row.invited_by if inviter is None else inviter.name
    return InvitationView(row, state_of(row, look.now_us), name)


def _people(at: Look | Work, person_ids: set[str]) -> dict[str, Person]:
    found = at.tx.find(Person, id=tuple(person_ids)) if person_ids else []
    return {person.id: person for person in found}

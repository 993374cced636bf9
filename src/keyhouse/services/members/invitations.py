"""Inviting: a role, offered by mail to whoever has the link.

The link is in the mail and nowhere else, not even in the answer to who
invites: so whoever comes with it reads that mailbox.
"""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Invitation, Member, Organization, Person, Role
from keyhouse.core.mailboxes import mailbox
from keyhouse.core.tokens import ENTROPY_BYTES, make_token, token_digest
from keyhouse.core.validation import check_email
from keyhouse.ports import Mail, Transaction
from keyhouse.services.actor import Actor
from keyhouse.services.members.commands import may_give, withdraw
from keyhouse.services.members.queries import (
    WRITE,
    InvitationState,
    own_invitation,
    state_of,
)
from keyhouse.services.refusals import NotFound, Taken, refuse
from keyhouse.services.work import Office, Work

INVITATION_DAYS: Final = 7
INVITED_PER_DAY_MAX: Final = 50
"""Mails that an organization can have sent in a day: enough for a team, dull for spam."""
_DAY_US: Final = 86_400_000_000


class Invited(NamedTuple):
    """An invitation and its token, to be mailed and then forgotten."""

    invitation: Invitation
    token: str
    organization: str
    invited_by: str | None

    def __repr__(self) -> str:
        return f"Invited({self.invitation!r})"


class Offer(NamedTuple):
    """An open invitation as it is shown to who has the link."""

    invitation: Invitation
    organization: Organization
    invited_by: str | None


def invite(work: Work, email: str, role: Role) -> Invited:
    """Offer a role to whoever reads mail at `email`; an earlier offer to it ends.

    Mail `letter` once it is committed. Raises Taken for a member's address and
    for one too many in a day.
    """
    work.actor.whole(WRITE)
    email = mailbox(email)
    refuse(check_email("email", email))
    may_give(work, role)
    organization = work.own(Organization, work.actor.organization_id)
    _refuse_member(work, email)
    _end_others(work, email)
    token = make_token(work.entropy.take(ENTROPY_BYTES))
    row = Invitation(
        id=work.new_id(ids.INVITATION),
        organization_id=organization.id,
        email=email,
        role=role,
        digest=token_digest(token),
        invited_by=work.actor.id,
        created_at=work.now_us,
        ends_at=work.now_us + INVITATION_DAYS * _DAY_US,
    )
    work.add("invitation.create", row)
    return Invited(row, token, organization.name, _name(work.tx, work.actor.id))


def withdraw_invitation(work: Work, id: str) -> None:
    """Make the link of an open invitation work no more; NotFound for any other."""
    work.actor.whole(WRITE)
    row = own_invitation(work, id)
    if state_of(row, work.now_us) is not InvitationState.OPEN:
        raise NotFound("invitation")
    withdraw(work, row)


def find_invitation(tx: Transaction, token: str, now_us: int) -> Invitation | None:
    """The open invitation of a link, in an organization that is not switched off."""
    found = tx.find(Invitation, digest=token_digest(token))
    return next((row for row in found if is_open(tx, row, now_us)), None)


def is_open(tx: Transaction, row: Invitation, now_us: int) -> bool:
    """Whether it is open still, and its organization not switched off."""
    if state_of(row, now_us) is not InvitationState.OPEN:
        return False
    # Found, not got: who invites holds the organization before its invitations.
    found = tx.find(Organization, id=row.organization_id)
    return any(one.disabled_at is None for one in found)


def find_offer(office: Office, token: str) -> Offer | None:
    """What a link offers, to be shown before it is taken; None where it is not open."""
    with office.rows.reading() as tx:
        row = find_invitation(tx, token, office.clock.now_us())
        organization = None if row is None else tx.get(Organization, row.organization_id)
        if row is None or organization is None:
            return None
        return Offer(row, organization, _name(tx, row.invited_by))


def accept_invitation(
    office: Office, token: str, person_id: str, *, address: str = "", request_id: str = ""
) -> Member:
    """Make the person a member, with the role offered; a member's own role stays.

    Raises NotFound where the link is not open (any more).
    """
    offer = find_offer(office, token)
    if offer is None:
        raise NotFound("invitation")
    invitation = offer.invitation
    actor = Actor(person_id, invitation.organization_id, (), address, request_id)
    return office.write(actor, lambda work: take_up(work, invitation.id)).value


def take_up(work: Work, id: str) -> Member:
    """Make the actor a member by that invitation; NotFound where it is not open.

    Locked and looked at again: of two who use a link at once, one gets in.
    """
    row = work.tx.get(Invitation, id)
    if row is None or state_of(row, work.now_us) is not InvitationState.OPEN:
        raise NotFound("invitation")
    work.tx.update(row, accepted_at=work.now_us)
    work.note("invitation.accept", row.id, after={"person_id": work.actor.id})
    member_id = f"{row.organization_id}/{work.actor.id}"
    return work.tx.get(Member, member_id) or _join(work, member_id, row.role)


def _join(work: Work, id: str, role: Role) -> Member:
    member = Member(
        id=id,
        organization_id=work.actor.organization_id,
        person_id=work.actor.id,
        role=role,
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    return work.add("member.create", member)


def letter(invited: Invited, public_url: str) -> Mail:
    """The mail of an invitation."""
    row, who = invited.invitation, invited.invited_by or invited.organization
    text = (
        f"{who} invites you to {invited.organization} on Keyhouse, as {row.role}.\n\n"
        f"{public_url}/invitations/{invited.token}\n\n"
        f"The link works once, for {INVITATION_DAYS} days. If you do not know what "
        "this is about, do nothing.\n"
    )
    return Mail(row.email, f"{invited.organization} invites you", text)


def _name(tx: Transaction, actor_id: str) -> str | None:
    """The person's name; None for a management key and for the operator."""
    person = tx.get(Person, actor_id) if ids.is_id(actor_id, ids.PERSON) else None
    return None if person is None else person.name


def _refuse_member(work: Work, email: str) -> None:
    organization = work.actor.organization_id
    for person in work.tx.find(Person, email=email):
        if work.tx.get(Member, f"{organization}/{person.id}") is not None:
            raise Taken("email", "is a member's", "change the member's role instead")


def _end_others(work: Work, email: str) -> None:
    """Withdraw what is open to that address, and refuse one too many in a day."""
    known = work.tx.find(Invitation, organization_id=work.actor.organization_id)
    recent = [row for row in known if row.created_at > work.now_us - _DAY_US]
    if len(recent) >= INVITED_PER_DAY_MAX:
        reason = f"is one more than {INVITED_PER_DAY_MAX} in a day"
        raise Taken("email", reason, "invite more tomorrow")
    for row in known:
        if row.email == email and state_of(row, work.now_us) is InvitationState.OPEN:
            withdraw(work, row)

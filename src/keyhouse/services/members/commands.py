"""Changing what members may do, and ending memberships.

One rule stands for all: nobody gives or takes a role that may do more than
they may themselves. So only owners make and unmake owners. A management key
with an end or networks gives none, for people have no such bounds.
"""

from keyhouse.core.entities import Invitation, Member, Organization, Role
from keyhouse.core.roles import scopes_of
from keyhouse.core.scopes import covers, covers_all
from keyhouse.core.validation import Problem
from keyhouse.services.members.queries import (
    WRITE,
    InvitationState,
    MemberView,
    count_owners,
    own_member,
    state_of,
    viewed_member,
)
from keyhouse.services.privilege import is_bound
from keyhouse.services.refusals import Forbidden, Taken, refuse
from keyhouse.services.work import Work


def change_member(work: Work, person_id: str, role: Role) -> MemberView:
    """Give a member another role. Raises Taken for the last owner's.

    Raises Forbidden and Invalid as `may_give` does.

    Sessions of the person do the new role's from their next request on. Open
    invitations of theirs end, where they could not make them any more.
    """
    member = _held(work, person_id)
    may_give(work, role)
    if role is not Role.OWNER:
        _keep_an_owner(work, member)
    held = scopes_of(role)
    _end_offers(work, person_id, held if covers(held, WRITE) else frozenset())
    return viewed_member(work, work.change("member.change", member, role=role))


def remove_member(work: Work, person_id: str) -> None:
    """End a membership, and the person's open invitations. Keys they made stay.

    Everybody may end their own. Raises Taken for the last owner's.
    """
    leaves = person_id == work.actor.id
    member = _locked(work, person_id) if leaves else _held(work, person_id)
    _keep_an_owner(work, member)
    _end_offers(work, person_id, frozenset())
    work.drop("member.leave" if leaves else "member.delete", member)


def withdraw(work: Work, row: Invitation) -> None:
    """Make the link of an open invitation work no more."""
    work.tx.update(row, withdrawn_at=work.now_us)
    work.note("invitation.withdraw", row.id, after={"withdrawn_at": work.now_us})


def may_give(work: Work, role: Role) -> None:
    """Raise Forbidden where the role may do more than the actor.

    Raises Invalid for a key with an end or networks: no person has such bounds.
    """
    _may_hold(work, role)
    if is_bound(work):
        mend = "have a person give it, or a key without bounds"
        refuse([Problem("role", "is not bound as your own key is", mend)])


def _may_hold(work: Work, role: Role) -> None:
    held = work.actor.scopes_on(work.actor.organization_id, None)
    missing = [scope for scope in sorted(scopes_of(role)) if not covers(held, scope)]
    if missing:
        raise Forbidden(missing[0], " for the whole organization")


def _held(work: Work, person_id: str) -> Member:
    """A member whom the actor may make something else."""
    work.actor.whole(WRITE)
    member = _locked(work, person_id)
    _may_hold(work, member.role)
    return member


def _locked(work: Work, person_id: str) -> Member:
    """The member, with the organization locked: of two owners who remove each

    other at the same time, the second finds itself the last.
    """
    work.own(Organization, work.actor.organization_id)
    return own_member(work, person_id)


def _keep_an_owner(work: Work, member: Member) -> None:
    if member.role is not Role.OWNER:
        return
    if count_owners(work) == 1:
        raise Taken(
            "role",
            "is the last owner's",
            "make another member an owner first",
        )


def _end_offers(work: Work, person_id: str, held: frozenset[str]) -> None:
    """Withdraw what the person offered and could not offer with these scopes."""
    organization = work.actor.organization_id
    rows = work.tx.find(Invitation, organization_id=organization, invited_by=person_id)
    for row in rows:
        is_open = state_of(row, work.now_us) is InvitationState.OPEN
        if is_open and not covers_all(held, scopes_of(row.role)):
            withdraw(work, row)

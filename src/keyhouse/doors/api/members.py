"""`/v1/members` and `/v1/invitations`."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from keyhouse.core.entities import Role
from keyhouse.doors.api import models
from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.people_shapes import (
    InvitationBody,
    InvitationOut,
    MemberChange,
    MemberOut,
    invitation_out,
    invited_out,
    member_out,
)
from keyhouse.services import members
from keyhouse.services.people import PeopleDesk  # noqa: TC001 - as elsewhere, imports stand in one place
from keyhouse.services.work import Work

router = APIRouter(tags=["Members"])
_reading = partial(operation, router, "GET", scope=members.READ)
_writing = partial(operation, router, scope=members.WRITE)
_Listing = Annotated[models.ListQuery, Query()]


@_reading("/v1/members", id="list_members", answer=MemberOut, many=True)
def list_members(call: AnyCall, query: _Listing) -> Response:
    """The organization's members."""
    return call.page(lambda look: members.list_members(look, turn(query)), member_out)


@_reading("/v1/members/{id}", id="get_member", answer=MemberOut)
def get_member(call: AnyCall, id: str) -> Response:
    """One member, by the person's id."""
    return call.one(lambda look: members.get_member(look, id), member_out)


@_writing("PATCH", "/v1/members/{id}", id="change_member", answer=MemberOut)
def change_member(call: PatchCall, id: str, body: MemberChange) -> Response:
    """Give a member another role, which may do no more than you; an owner stays."""
    return call.changed(
        lambda work: members.change_member(work, id, Role(body.role)),
        member_out,
        lambda look: members.get_member(look, id),
    )


@_writing(
    "DELETE", "/v1/members/{id}", id="remove_member", answer=None, status=204, own=True
)
def remove_member(call: AnyCall, id: str) -> Response:
    """End a membership. The keys that the person made stay.

    With a session and your own id you leave the organization: no scope is needed
    for that. The last owner stays.
    """
    return call.gone(lambda work: members.remove_member(work, id))


@_reading("/v1/invitations", id="list_invitations", answer=InvitationOut, many=True)
def list_invitations(call: AnyCall, query: _Listing) -> Response:
    """Invitations, the newest first, those that are over as well."""
    return call.page(
        lambda look: members.list_invitations(look, turn(query)), invitation_out
    )


@_writing(
    "POST", "/v1/invitations", id="create_invitation", answer=InvitationOut, status=201
)
def create_invitation(request: Request, call: PostCall, body: InvitationBody) -> Response:
    """Invite somebody by mail. An earlier invitation to the address ends."""
    people: PeopleDesk = request.app.state.people
    made: list[members.Invited] = []

    def act(work: Work) -> members.Invited:
        made.append(members.invite(work, body.email, Role(body.role)))
        return made[-1]

    answer = call.made(act, invited_out)
    # Only now is it committed. A replay makes none, and mails none.
    for invited in made[-1:]:
        people.mailer.send(members.letter(invited, people.public_url))
    return answer


@_reading("/v1/invitations/{id}", id="get_invitation", answer=InvitationOut)
def get_invitation(call: AnyCall, id: str) -> Response:
    """One invitation."""
    return call.one(lambda look: members.get_invitation(look, id), invitation_out)


@_writing(
    "DELETE",
    "/v1/invitations/{id}",
    id="withdraw_invitation",
    answer=None,
    status=204,
)
def withdraw_invitation(call: AnyCall, id: str) -> Response:
    """Make the link of an open invitation work no more."""
    return call.gone(lambda work: members.withdraw_invitation(work, id))

"""What requests and answers about members, invitations and sessions hold."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from keyhouse.core.entities import Session
from keyhouse.doors.api.models import Body
from keyhouse.doors.api.times import ToldTime, format_optional, format_time
from keyhouse.services.members import (
    InvitationState,
    InvitationView,
    Invited,
    MemberView,
)

RoleName = Literal["owner", "admin", "developer", "viewer"]
_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T09:30:00Z"


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class MemberChange(Body):
    """What may change of a member."""

    role: RoleName
    model_config = _example(role="developer")


class InvitationBody(Body):
    """Whom to invite, and as what."""

    email: str
    role: RoleName
    model_config = _example(email="ada@example.com", role="developer")


class MemberOut(BaseModel):
    """A member; `id` is the person's."""

    id: str
    email: str
    name: str
    role: RoleName
    created_at: ToldTime
    updated_at: ToldTime
    model_config = _example(
        id=f"usr_{_BODY}",
        email="ada@example.com",
        name="Ada",
        role="developer",
        created_at=_AT,
        updated_at=_AT,
    )


class InvitationOut(BaseModel):
    """An invitation. Its link is in the mail alone."""

    id: str
    email: str
    role: RoleName
    state: Literal["open", "accepted", "withdrawn", "expired"]
    invited_by: str
    created_at: ToldTime
    ends_at: ToldTime
    accepted_at: ToldTime | None
    withdrawn_at: ToldTime | None
    model_config = _example(
        id=f"inv_{_BODY}",
        email="ada@example.com",
        role="developer",
        state="open",
        invited_by=f"usr_{_BODY}",
        created_at=_AT,
        ends_at="2026-03-08T09:30:00Z",
        accepted_at=None,
        withdrawn_at=None,
    )


class SessionOut(BaseModel):
    """A browser that is logged in."""

    id: str
    current: bool
    address: str
    agent: str
    created_at: ToldTime
    seen_at: ToldTime
    ends_at: ToldTime
    model_config = _example(
        id=f"ses_{_BODY}",
        current=True,
        address="203.0.113.7",
        agent="Mozilla/5.0",
        created_at=_AT,
        seen_at=_AT,
        ends_at="2026-03-15T09:30:00Z",
    )


def member_out(view: MemberView) -> MemberOut:
    """A member's view, told."""
    member, person = view
    return MemberOut(
        id=person.id,
        email=person.email,
        name=person.name,
        role=member.role.value,
        created_at=format_time(member.created_at),
        updated_at=format_time(member.updated_at),
    )


def invitation_out(view: InvitationView) -> InvitationOut:
    """An invitation's view, told."""
    row = view.invitation
    return InvitationOut(
        id=row.id,
        email=row.email,
        role=row.role.value,
        state=view.state.value,
        invited_by=row.invited_by,
        created_at=format_time(row.created_at),
        ends_at=format_time(row.ends_at),
        accepted_at=format_optional(row.accepted_at),
        withdrawn_at=format_optional(row.withdrawn_at),
    )


def invited_out(invited: Invited) -> InvitationOut:
    """An invitation just made, told without its token."""
    view = InvitationView(invited.invitation, InvitationState.OPEN, "")
    return invitation_out(view)


def session_out(row: Session, current_id: str) -> SessionOut:
    """A session's row, told to its owner."""
    return SessionOut(
        id=row.id,
        current=row.id == current_id,
        address=row.address,
        agent=row.agent,
        created_at=format_time(row.created_at),
        seen_at=format_time(row.seen_at),
        ends_at=format_time(row.ends_at),
    )

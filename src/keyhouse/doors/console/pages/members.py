"""Who belongs to the organization, in which role, and who is invited."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Role
from keyhouse.core.roles import scopes_of
from keyhouse.core.scopes import covers_all
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.services import members
from keyhouse.services.members import InvitationState, InvitationView, MemberView
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Look, Turn

router = APIRouter()
_ALL: Final = "/{organization}/members"
_ONE: Final = f"{_ALL}/{{person}}"
_SHOWN: Final = 200
ROLES: Final = {
    Role.OWNER: "Everything, other owners included",
    Role.ADMIN: "Projects, settings and members as well",
    Role.DEVELOPER: "APIs, applications and keys",
    Role.VIEWER: "Looks, and changes nothing",
}


class Seen(NamedTuple):
    """A page of members by name, the cursor behind it, the invitations that are open,

    and how many are owners.
    """

    members: list[MemberView]
    next_cursor: str | None
    invitations: list[InvitationView]
    owners: int


@router.get(_ALL)
async def all_members(here: OrganizationHere) -> Response:
    """Members and open invitations."""
    return await _list(here)


@router.get(f"{_ALL}/invite")
async def new(here: OrganizationHere) -> Response:
    """The form of an invitation."""
    demand(here, members.WRITE)
    return _form(here, {"email": "", "role": Role.DEVELOPER.value})


@router.post(f"{_ALL}/invite")
async def invite(here: OrganizationHere) -> Response:
    """Mail it, or tell what stands in the way."""
    demand(here, members.WRITE)
    form = await here.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("email", "role")}
    try:
        role = _role(typed["role"])
        invited = await here.write(lambda work: members.invite(work, typed["email"], role))
    except (Invalid, Taken) as error:
        return _form(here, typed, error.problems)
    mail = members.letter(invited, here.config.public_url)
    await here.ask(lambda: here.people.mailer.send(mail))
    toast = f"Invitation mailed to {invited.invitation.email}"
    return see_other(here, here.organization_url("members"), toast)


@router.post(f"{_ALL}/invitations/{{invitation}}/withdraw")
async def withdraw(here: OrganizationHere, invitation: str) -> Response:
    """Make its link work no more."""
    await here.write(lambda work: members.withdraw_invitation(work, invitation))
    return see_other(here, here.organization_url("members"), "Invitation withdrawn")


@router.post(f"{_ONE}/role")
async def change(here: OrganizationHere, person: str) -> Response:
    """Give a member another role."""
    wanted = str((await here.form()).get("role", ""))
    try:
        role = _role(wanted)
        await here.write(lambda work: members.change_member(work, person, role))
    except (Invalid, Taken) as error:
        return await _list(here, error.problems)
    return see_other(here, here.organization_url("members"), "Role changed")


@router.post(f"{_ONE}/remove")
async def remove(here: OrganizationHere, person: str) -> Response:
    """End a membership; whoever ends their own goes on elsewhere."""
    try:
        await here.write(lambda work: members.remove_member(work, person))
    except Taken as error:
        return await _list(here, [error.problem])
    mine = person == here.person.id
    url = "/" if mine else here.organization_url("members")
    left = f"You have left {here.organization.name}"
    return see_other(here, url, left if mine else "Member removed")


def may_give(here: AtOrganization, role: Role) -> bool:
    """Whether the visitor may give and take that role; services ask again."""
    held = frozenset(scope for grant in here.actor.grants for scope in grant.scopes)
    return here.may(members.WRITE) and covers_all(held, scopes_of(role))


def _role(text: str) -> Role:
    if text not in tuple(Role):
        raise Invalid([Problem("role", "is no role", f"choose {', '.join(Role)}")])
    return Role(text)


def _given(here: AtOrganization) -> list[Role]:
    return [role for role in ROLES if may_give(here, role)]


def _choices(here: AtOrganization) -> list[tuple[str, str, str]]:
    return [(role.value, role.capitalize(), ROLES[role]) for role in _given(here)]


async def _list(here: AtOrganization, problems: Sequence[Problem] = ()) -> Response:
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: _seen(look, cursor))
    return render(
        here,
        "members/list.html",
        422 if problems else 200,
        seen=seen,
        roles=ROLES,
        given=_given(here),
        choices=_choices(here),
        problems=by_field(problems),
    )


def _seen(look: Look, cursor: str | None) -> Seen:
    page = members.list_members(look, Turn(cursor, _SHOWN))
    known: list[MemberView] = page.rows
    invited: list[InvitationView] = members.list_invitations(look, Turn(limit=_SHOWN)).rows
    return Seen(
        sorted(known, key=lambda view: view.person.name.casefold()),
        page.next_cursor,
        [view for view in invited if view.state is InvitationState.OPEN],
        members.count_owners(look),
    )


def _form(
    here: AtOrganization, typed: Mapping[str, str], problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "members/invite.html",
        422 if problems else 200,
        typed=typed,
        choices=_choices(here),
        problems=by_field(problems),
    )

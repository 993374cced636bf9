"""Who visits, and what part of the console, found out before a page is asked."""

from typing import Annotated, Final

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from keyhouse.core import ids
from keyhouse.core.csrf import CSRF_HEADER, SAFE_METHODS, csrf_fits, csrf_token
from keyhouse.core.entities import Environment, Project
from keyhouse.doors.console.cookies import PLACE, session_token
from keyhouse.doors.console.refusals import ForgedForm, Stranger
from keyhouse.doors.console.visitors import (
    Anyone,
    AtOrganization,
    InProject,
    Me,
    Place,
    remembered,
)
from keyhouse.services.actor import Actor
from keyhouse.services.refusals import NotFound
from keyhouse.services.tenants import list_projects
from keyhouse.services.work import Turn

__all__ = [
    "Anyone",
    "AnyoneHere",
    "AtOrganization",
    "Here",
    "InProject",
    "Me",
    "MeHere",
    "OrganizationHere",
    "Place",
    "at_home",
    "remembered",
]

_PROJECTS_SHOWN: Final = 200


async def _anyone(request: Request) -> Anyone:
    desk = request.app.state.desk
    token = session_token(request)
    signed = await run_in_threadpool(desk.people.session, token) if token else None
    csrf = csrf_token(token) if signed else ""
    return Anyone(request=request, desk=desk, signed=signed, csrf=csrf)


AnyoneHere = Annotated[Anyone, Depends(_anyone)]


async def _me(visitor: AnyoneHere) -> Me:
    if visitor.signed is None:
        raise Stranger
    if visitor.request.method not in SAFE_METHODS:
        await _check_form(visitor.request)
    return Me(
        request=visitor.request,
        desk=visitor.desk,
        signed=visitor.signed,
        csrf=visitor.csrf,
    )


async def _check_form(request: Request) -> None:
    """Raise ForgedForm unless a page of this session's sent it."""
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        given = str((await request.form()).get("csrf", ""))
    if not csrf_fits(session_token(request), given):
        raise ForgedForm


MeHere = Annotated[Me, Depends(_me)]


async def _at_organization(me: MeHere) -> AtOrganization:
    return await _member(me, me.request.path_params["organization"])


OrganizationHere = Annotated[AtOrganization, Depends(_at_organization)]


async def _in_project(me: MeHere) -> InProject:
    given = me.request.path_params["environment"]
    if given not in tuple(Environment):
        raise NotFound("page")
    project = await me.ask(lambda: _project(me, me.request.path_params["project"]))
    at = await _member(me, project.organization_id)
    return InProject(
        request=me.request,
        desk=me.desk,
        signed=me.signed,
        csrf=me.csrf,
        actor=at.actor,
        organization=at.organization,
        role=at.role,
        projects=at.projects,
        project=project,
        environment=Environment(given),
    )


Here = Annotated[InProject, Depends(_in_project)]


def _project(me: Me, id: str) -> Project:
    """A project of any organization of theirs."""
    if not ids.is_id(id, ids.PROJECT):
        raise NotFound("page")
    with me.desk.office.rows.reading() as tx:
        project = tx.get(Project, id)
    mine = [member.organization.id for member in me.memberships]
    if project is None or project.organization_id not in mine:
        raise NotFound("page")
    return project


async def _member(me: Me, organization_id: str) -> AtOrganization:
    known = [m for m in me.memberships if m.organization.id == organization_id]
    if not known:
        raise NotFound("page")
    member = known[0]
    actor, projects = await me.ask(lambda: _at_work(me, organization_id))
    return AtOrganization(
        request=me.request,
        desk=me.desk,
        signed=me.signed,
        csrf=me.csrf,
        actor=actor,
        organization=member.organization,
        role=member.role,
        projects=projects,
    )


async def at_home(me: Me) -> AtOrganization | None:
    """The organization that a page of the person's own shows its rail for:

    that of the project last seen, or the first; None for a member of none.
    """
    if not me.memberships:
        return None
    last = me.request.cookies.get(PLACE, "").partition("/")[0]
    try:
        home = (await me.ask(lambda: _project(me, last))).organization_id
    except NotFound:
        home = me.memberships[0].organization.id
    return await _member(me, home)


def _at_work(me: Me, organization_id: str) -> tuple[Actor, tuple[Project, ...]]:
    actor = me.people.actor(me.signed, organization_id, me.address, me.request_id)
    if actor is None:
        raise NotFound("page")
    turn = Turn(limit=_PROJECTS_SHOWN)
    page = me.desk.office.read(actor, lambda look: list_projects(look, turn))
    projects: list[Project] = page.rows
    return actor, tuple(sorted(projects, key=lambda project: project.name.lower()))

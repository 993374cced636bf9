"""Who visits which part of the console, found out before a page is asked.

Four kinds, each with all that the one before has: anyone, somebody who is
logged in, a member at an organization, a member in a project's environment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import quote

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request

from keyhouse.core import ids
from keyhouse.core.csrf import CSRF_HEADER, SAFE_METHODS, csrf_fits, csrf_token
from keyhouse.core.entities import Environment, Organization, Person, Project, Role
from keyhouse.core.scopes import covers
from keyhouse.doors.console.config import ConsoleConfig
from keyhouse.doors.console.cookies import PLACE, session_token
from keyhouse.doors.console.desk import Desk
from keyhouse.doors.console.refusals import ForgedForm, Stranger
from keyhouse.services.actor import Actor
from keyhouse.services.people import Membership, PeopleDesk, Signed
from keyhouse.services.refusals import NotFound
from keyhouse.services.tenants import list_projects
from keyhouse.services.work import Look, Office, Turn, Work

T = TypeVar("T")
_PROJECTS_SHOWN = 200


class Place(NamedTuple):
    """A project's environment."""

    project: Project
    environment: Environment

    @property
    def root(self) -> str:
        """What the addresses of all its pages begin with."""
        return f"/{self.project.id}/{self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anyone:
    """A visitor, known or not."""

    request: Request
    desk: Desk
    signed: Signed | None
    csrf: str

    @property
    def config(self) -> ConsoleConfig:
        """What the console knows of its surroundings."""
        return self.desk.config

    @property
    def people(self) -> PeopleDesk:
        """What people do before and beside any organization; call it by `ask`."""
        return self.desk.people

    @property
    def now_us(self) -> int:
        """The moment that pages reckon from."""
        return self.desk.office.clock.now_us()

    @property
    def address(self) -> str:
        """Where the visitor comes from, '' where nobody knows."""
        return self.request.client.host if self.request.client else ""

    @property
    def agent(self) -> str:
        """What the visitor's browser calls itself."""
        return self.request.headers.get("user-agent", "")[:200]

    @property
    def request_id(self) -> str:
        """The id in this answer's header and in the audit."""
        return str(self.request.state.request_id)

    @property
    def is_partial(self) -> bool:
        """Whether htmx asked, for a part of a page and not a whole one."""
        return "hx-request" in self.request.headers

    @property
    def place(self) -> Place | None:
        """Where the rail's links lead; nowhere for who is at no organization."""
        return None

    async def form(self) -> FormData:
        """What was typed."""
        return await self.request.form()

    async def ask(self, call: Callable[[], T]) -> T:
        """Run something that waits on a thread of its own."""
        return await run_in_threadpool(call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Anyone):
    """Somebody who is logged in."""

    signed: Signed

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.signed.person

    @property
    def memberships(self) -> tuple[Membership, ...]:
        """All organizations of theirs."""
        return self.signed.memberships


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOrganization(Me):
    """A member at work in one organization. `projects` are those in it, by name."""

    actor: Actor
    organization: Organization
    role: Role
    projects: tuple[Project, ...]

    @property
    def office(self) -> Office:
        """Opens use-cases; `read` and `write` are shorter."""
        return self.desk.office

    @property
    def place(self) -> Place | None:
        """The project last seen here, or the first."""
        return remembered(self.request, self.projects) or _first(self.projects)

    def may(self, scope: str) -> bool:
        """Whether the member's role has a scope."""
        return any(covers(grant.scopes, scope) for grant in self.actor.grants)

    def organization_url(self, *parts: str) -> str:
        """An address of the organization: `organization_url("members")`."""
        return _path(self.organization.id, *parts)

    async def read(self, ask: Callable[[Look], T]) -> T:
        """Run a query on a thread."""
        return await run_in_threadpool(self.office.read, self.actor, ask)

    async def write(self, act: Callable[[Work], T]) -> T:
        """Run a command on a thread, in a transaction of its own."""
        return (await run_in_threadpool(self.office.write, self.actor, act)).value


@dataclass(frozen=True, slots=True, kw_only=True)
class InProject(AtOrganization):
    """A member in one environment of a project."""

    project: Project
    environment: Environment

    @property
    def place(self) -> Place:
        """Here."""
        return Place(self.project, self.environment)

    @property
    def is_test(self) -> bool:
        """Whether this is the world in which mistakes cost nothing."""
        return self.environment is Environment.TEST

    def url(self, *parts: str) -> str:
        """An address in this project and environment: `url("keys", key.id)`."""
        return _path(self.project.id, self.environment, *parts)


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _first(projects: tuple[Project, ...]) -> Place | None:
    return Place(projects[0], Environment.TEST) if projects else None


def remembered(request: Request, projects: tuple[Project, ...]) -> Place | None:
    """The place last seen, if it is in one of these projects."""
    id, _, environment = request.cookies.get(PLACE, "").partition("/")
    known = [project for project in projects if project.id == id]
    if not known or environment not in tuple(Environment):
        return None
    return Place(known[0], Environment(environment))


# -- finding out --------------------------------------------------------------------


async def _anyone(request: Request) -> Anyone:
    desk: Desk = request.app.state.desk
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

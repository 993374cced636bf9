"""Who may visit the console, in four kinds; each has all that the one before has:

anyone, somebody who is logged in, a member at an organization, a member in a
project's environment. `visits.py` finds out which it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request

from keyhouse.core.entities import Environment, Organization, Person, Project, Role
from keyhouse.core.scopes import covers
from keyhouse.doors.console.config import ConsoleConfig
from keyhouse.doors.console.cookies import PLACE
from keyhouse.doors.console.desk import Desk
from keyhouse.services.actor import Actor
from keyhouse.services.people import Membership, PeopleDesk, Signed
from keyhouse.services.work import Look, Office, Work

T = TypeVar("T")


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

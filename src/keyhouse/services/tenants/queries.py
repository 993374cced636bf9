"""Reading organizations and projects."""

from keyhouse.core.entities import Organization, Project
from keyhouse.ports import Page
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn, Work

READ_ORGANIZATIONS = "organizations:read"
WRITE_ORGANIZATIONS = "organizations:write"
READ_PROJECTS = "projects:read"
WRITE_PROJECTS = "projects:write"


def get_organization(look: Look, id: str) -> Organization:
    """The actor's organization; there is no other to be seen."""
    look.actor.reach(READ_ORGANIZATIONS)
    return look.own(Organization, id)


def list_organizations(look: Look, turn: Turn) -> Page:
    """The one organization of the actor, as a list."""
    look.actor.reach(READ_ORGANIZATIONS)
    return look.page(Organization, turn, {"id": look.actor.organization_id})


def get_project(look: Look, id: str) -> Project:
    """A project within reach."""
    return reached_project(look, READ_PROJECTS, id)


def list_projects(look: Look, turn: Turn) -> Page:
    """The projects within reach, the newest first."""
    reach = look.actor.reach(READ_PROJECTS)
    equals: dict[str, object] = {"organization_id": look.actor.organization_id}
    if not reach.whole:
        equals["id"] = tuple(reach.project_ids)
    return look.page(Project, turn, equals)


def reached_project(at: Look | Work, scope: str, id: str) -> Project:
    """A project for which the actor holds `scope`; NotFound for any other."""
    reach = at.actor.reach(scope)
    project = at.own(Project, id)
    if not reach.holds_project(project.id):
        raise NotFound("project")
    return project

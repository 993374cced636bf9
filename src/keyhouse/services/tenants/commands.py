"""Writing organizations and projects."""

from typing import TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import (
    UNFINISHED_IMPORTS,
    Access,
    Api,
    Application,
    Customer,
    Key,
    KeyImport,
    Limit,
    Organization,
    Plan,
    Project,
    Webhook,
)
from keyhouse.core.validation import check_limits, check_name
from keyhouse.services.privilege import demand_no_more_in
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.tenants.queries import (
    WRITE_ORGANIZATIONS,
    WRITE_PROJECTS,
    reached_project,
)
from keyhouse.services.work import Work, switched


class OrganizationChanges(TypedDict, total=False):
    """What may change of an organization; only what is there is changed."""

    name: str
    limits: tuple[Limit, ...]


class ProjectChanges(TypedDict, total=False):
    """What may change of a project; only what is there is changed."""

    name: str
    disabled: bool


def change_organization(work: Work, id: str, changes: OrganizationChanges) -> Organization:
    """Rename the actor's organization, or change the limits that its keys share."""
    work.actor.whole(WRITE_ORGANIZATIONS)
    organization = work.own(Organization, id)
    limits = check_limits("limits", changes.get("limits", ()), work.knows_zone)
    refuse([*(check_name("name", changes["name"]) if "name" in changes else []), *limits])
    return work.change("organization.change", organization, **changes)


def create_project(work: Work, *, name: str) -> Project:
    """A new project of the actor's organization."""
    work.actor.whole(WRITE_PROJECTS)
    refuse(check_name("name", name))
    project = Project(
        id=work.new_id(ids.PROJECT),
        organization_id=work.actor.organization_id,
        name=name,
        created_at=work.now_us,
        updated_at=work.now_us,
    )
    return work.add("project.create", project)


def change_project(work: Work, id: str, changes: ProjectChanges) -> Project:
    """Rename a project, or switch off (or on) all keys and APIs in it.

    Raises Forbidden where that would let a management key work again that may do
    more than the actor, and Taken for one that works longer or elsewhere.
    """
    project = reached_project(work, WRITE_PROJECTS, id)
    refuse(check_name("name", changes["name"]) if "name" in changes else [])
    changed = switched(work, project, changes)
    if changed.get("disabled_at", 0) is None and project.disabled_at is not None:
        demand_no_more_in(work, project_id=project.id)
    return work.change("project.change", project, **changed)


def delete_project(work: Work, id: str) -> None:
    """Delete an empty project. What it holds goes first, or it is switched off."""
    work.actor.whole(WRITE_PROJECTS)
    project = reached_project(work, WRITE_PROJECTS, id)
    for kind in (Plan, Api, Application, Customer, Key, Webhook):
        if work.tx.page(kind, after=None, limit=1, project_id=project.id).rows:
            article = "an" if kind in (Api, Application) else "a"
            raise Taken(
                "project",
                f"still holds {article} {kind.__name__}",
                "delete what is in it first, or disable the project",
            )
    if work.tx.page(Access, after=None, limit=1, resource_id=project.id).rows:
        raise Taken(
            "project",
            "is named in the access of a management key",
            "take it out of that key's access first, or disable the project",
        )
    _drop_imports(work, project)
    work.drop("project.delete", project)


def _drop_imports(work: Work, project: Project) -> None:
    """What is told of imports goes with the project that they were into."""
    rows = work.tx.find(KeyImport, project_id=project.id)
    if any(row.state in UNFINISHED_IMPORTS for row in rows):
        mend = "finish or cancel it first"
        raise Taken("project", "has an import that is not over", mend)
    work.tx.remove_many(KeyImport, project_id=project.id)

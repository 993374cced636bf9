"""`/v1/organizations` and `/v1/projects`."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import OrganizationOut, ProjectOut
from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.shapes import organization_out, project_out
from keyhouse.doors.api.wishes import organization_changes, project_changes
from keyhouse.services import tenants

router = APIRouter(tags=["Tenants"])
_organizations = partial(operation, router, answer=OrganizationOut)
_projects = partial(operation, router, answer=ProjectOut)
_Listing = Annotated[models.ListQuery, Query()]


@_organizations(
    "GET",
    "/v1/organizations",
    id="list_organizations",
    scope=tenants.READ_ORGANIZATIONS,
    many=True,
)
def list_organizations(call: AnyCall, query: _Listing) -> Response:
    """The organization that the management key belongs to."""
    return call.page(
        lambda look: tenants.list_organizations(look, turn(query)), organization_out
    )


@_organizations(
    "GET",
    "/v1/organizations/{id}",
    id="get_organization",
    scope=tenants.READ_ORGANIZATIONS,
)
def get_organization(call: AnyCall, id: str) -> Response:
    """One organization."""
    return call.one(lambda look: tenants.get_organization(look, id), organization_out)


@_organizations(
    "PATCH",
    "/v1/organizations/{id}",
    id="change_organization",
    scope=tenants.WRITE_ORGANIZATIONS,
)
def change_organization(
    call: PatchCall, id: str, body: models.OrganizationChange
) -> Response:
    """Rename an organization, or change the limits that all of its keys share."""
    changes = organization_changes(body)
    return call.changed(
        lambda work: tenants.change_organization(work, id, changes),
        organization_out,
        lambda look: tenants.get_organization(look, id),
    )


@_projects(
    "GET", "/v1/projects", id="list_projects", scope=tenants.READ_PROJECTS, many=True
)
def list_projects(call: AnyCall, query: _Listing) -> Response:
    """Projects, the newest first."""
    return call.page(lambda look: tenants.list_projects(look, turn(query)), project_out)


@_projects(
    "POST", "/v1/projects", id="create_project", scope=tenants.WRITE_PROJECTS, status=201
)
def create_project(call: PostCall, body: models.ProjectBody) -> Response:
    """Create a project."""
    return call.made(lambda work: tenants.create_project(work, name=body.name), project_out)


@_projects("GET", "/v1/projects/{id}", id="get_project", scope=tenants.READ_PROJECTS)
def get_project(call: AnyCall, id: str) -> Response:
    """One project."""
    return call.one(lambda look: tenants.get_project(look, id), project_out)


@_projects("PATCH", "/v1/projects/{id}", id="change_project", scope=tenants.WRITE_PROJECTS)
def change_project(call: PatchCall, id: str, body: models.ProjectChange) -> Response:
    """Rename a project; `disabled` switches off all keys and APIs in it."""
    changes = project_changes(body)
    return call.changed(
        lambda work: tenants.change_project(work, id, changes),
        project_out,
        lambda look: tenants.get_project(look, id),
    )


@operation(
    router,
    "DELETE",
    "/v1/projects/{id}",
    id="delete_project",
    scope=tenants.WRITE_PROJECTS,
    answer=None,
    status=204,
)
def delete_project(call: AnyCall, id: str) -> Response:
    """Delete an empty project."""
    return call.gone(lambda work: tenants.delete_project(work, id))

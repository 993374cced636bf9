"""Tenants: organizations, their people and their projects."""

from keyhouse.services.tenants.bootstrap import Bootstrapped, bootstrap
from keyhouse.services.tenants.commands import (
    OrganizationChanges,
    ProjectChanges,
    change_organization,
    change_project,
    create_project,
    delete_project,
)
from keyhouse.services.tenants.founding import found_organization
from keyhouse.services.tenants.queries import (
    READ_ORGANIZATIONS,
    READ_PROJECTS,
    WRITE_ORGANIZATIONS,
    WRITE_PROJECTS,
    get_organization,
    get_project,
    list_organizations,
    list_projects,
)

__all__ = [
    "READ_ORGANIZATIONS",
    "READ_PROJECTS",
    "WRITE_ORGANIZATIONS",
    "WRITE_PROJECTS",
    "Bootstrapped",
    "OrganizationChanges",
    "ProjectChanges",
    "bootstrap",
    "change_organization",
    "change_project",
    "create_project",
    "delete_project",
    "found_organization",
    "get_organization",
    "get_project",
    "list_organizations",
    "list_projects",
]

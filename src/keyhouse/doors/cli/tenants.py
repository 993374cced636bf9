"""`keyhouse orgs`, `projects`, `customers`, `apps`."""

from typing import Annotated

import typer

from keyhouse.doors.cli.credits import add_credits
from keyhouse.doors.cli.desk import AsJson
from keyhouse.doors.cli.limits import NoLimits, Quotas, Rates, changed, limits
from keyhouse.doors.cli.nouns import (
    Enabled,
    Id,
    Noun,
    add_delete,
    create,
    disabled,
    group,
    update,
)
from keyhouse.doors.cli.schedules import NoRotation, RotateEvery, schedule

_ORGS = Noun(
    "orgs", "organization", "organizations", ("id", "name", "limits", "disabled_at")
)
_PROJECTS = Noun("projects", "project", "projects", ("id", "name", "disabled_at"))
_APPS = Noun(
    "apps",
    "application",
    "applications",
    ("id", "name", "external_id", "customer", "limits", "project"),
)

Name = Annotated[str, typer.Argument(help="What people call it.")]
NewName = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Project = Annotated[
    str | None, typer.Option("--project", help="Its id; the only one if not given.")
]
ExternalId = Annotated[
    str | None, typer.Option("--external-id", help="Your own name for it.")
]
_CUSTOMERS = Noun(
    "customers",
    "customer",
    "customers",
    ("id", "external_id", "name", "limits", "prepaid_at", "disabled_at", "project"),
)
Prepaid = Annotated[
    bool | None,
    typer.Option("--prepaid/--not-prepaid", help="Whether live calls spend its credits."),
]
OfCustomer = Annotated[
    str | None, typer.Option("--customer", help="Whose it is, by id or external id.")
]
NoCustomer = Annotated[bool, typer.Option("--no-customer", help="It is nobody's.")]
Purpose = Annotated[str | None, typer.Option("--purpose", help="What it is for.")]

orgs = group(_ORGS, "The organization that the management key belongs to.")
projects = group(_PROJECTS, "Projects: they hold APIs and applications.")
apps = group(_APPS, "Applications: the programs that call.")
customers = group(_CUSTOMERS, "Customers: whom applications belong to.")
add_delete(projects, _PROJECTS, "Only an empty one.")
add_delete(customers, _CUSTOMERS, "Only one without applications and credits.")
add_credits(customers)
add_delete(apps, _APPS)


@orgs.command("update", epilog="Example: keyhouse orgs update ID --name Acme")
def update_org(
    context: typer.Context,
    id: Id,
    *,
    name: NewName = None,
    rates: Rates = None,
    quotas: Quotas = None,
    no_limits: NoLimits = False,
    as_json: AsJson = False,
) -> None:
    """Change the organization. Its limits are shared by all of its keys."""
    changes = {"name": name, "limits": changed(rates, quotas, none=no_limits)}
    update(context, _ORGS, id, changes, json=as_json)


@projects.command("create", epilog="Example: keyhouse projects create weather")
def create_project(context: typer.Context, name: Name, *, as_json: AsJson = False) -> None:
    """Create a project."""
    create(context, _PROJECTS, {"name": name}, json=as_json)


@projects.command("update", epilog="Example: keyhouse projects update ID --name climate")
def update_project(
    context: typer.Context,
    id: Id,
    *,
    name: NewName = None,
    enabled: Enabled = None,
    as_json: AsJson = False,
) -> None:
    """Change a project. A disabled one's keys and APIs work no more."""
    changes = {"name": name, "disabled": disabled(enabled)}
    update(context, _PROJECTS, id, changes, json=as_json)


@apps.command("create", epilog="Example: keyhouse apps create 'Route planner'")
def create_app(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    name: Name,
    *,
    external_id: ExternalId = None,
    purpose: Purpose = None,
    rates: Rates = None,
    quotas: Quotas = None,
    rotate_every: RotateEvery = None,
    customer: OfCustomer = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Create an application."""
    fields = {
        "name": name,
        "external_id": external_id,
        "purpose": purpose,
        "limits": limits(rates, quotas) or None,
        "rotation": schedule(rotate_every),
        "customer": customer,
        "project": project,
    }
    create(context, _APPS, fields, json=as_json)


@apps.command("update", epilog="Example: keyhouse apps update ID --purpose 'Plans routes'")
def update_app(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Id,
    *,
    name: NewName = None,
    external_id: ExternalId = None,
    purpose: Purpose = None,
    rates: Rates = None,
    quotas: Quotas = None,
    rotate_every: RotateEvery = None,
    no_rotation: NoRotation = False,
    customer: OfCustomer = None,
    no_customer: NoCustomer = False,
    enabled: Enabled = None,
    no_limits: NoLimits = False,
    as_json: AsJson = False,
) -> None:
    """Change an application. Limits that are given replace all of its.

    A disabled one's keys work no more.
    """
    changes = {
        "name": name,
        "external_id": external_id,
        "purpose": purpose,
        "limits": changed(rates, quotas, none=no_limits),
        "rotation": schedule(rotate_every),
        "customer": customer,
        "disabled": disabled(enabled),
    }
    given_up = (("customer", no_customer), ("rotation", no_rotation))
    cleared = {name: None for name, is_so in given_up if is_so}
    update(context, _APPS, id, changes, json=as_json, cleared=cleared)


@customers.command("create", epilog="Example: keyhouse customers create crm-4711")
def create_customer(
    context: typer.Context,
    external_id: Annotated[str, typer.Argument(help="Your own name for it.")],
    *,
    name: NewName = None,
    rates: Rates = None,
    quotas: Quotas = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Create a customer."""
    fields = {
        "external_id": external_id,
        "name": name,
        "limits": limits(rates, quotas) or None,
        "project": project,
    }
    create(context, _CUSTOMERS, fields, json=as_json)


@customers.command(
    "update", epilog="Example: keyhouse customers update ID --quota monthly=50000/month"
)
def update_customer(  # noqa: PLR0913  (an option each)
    context: typer.Context,
    id: Id,
    *,
    external_id: ExternalId = None,
    name: NewName = None,
    rates: Rates = None,
    quotas: Quotas = None,
    enabled: Enabled = None,
    prepaid: Prepaid = None,
    no_limits: NoLimits = False,
    as_json: AsJson = False,
) -> None:
    """Change a customer. Limits that are given replace all of its.

    A disabled one's applications are refused.
    """
    changes = {
        "external_id": external_id,
        "name": name,
        "limits": changed(rates, quotas, none=no_limits),
        "prepaid": prepaid,
        "disabled": disabled(enabled),
    }
    update(context, _CUSTOMERS, id, changes, json=as_json)

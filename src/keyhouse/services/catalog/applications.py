"""Writing applications."""

from typing import Final, TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import (
    Application,
    ApplicationCustomer,
    Key,
    Limit,
    RotationSchedule,
    TokenRevocation,
)
from keyhouse.core.validation import (
    Problem,
    check_limits,
    check_name,
    check_schedule,
    check_text,
)
from keyhouse.services.catalog.linking import link_application
from keyhouse.services.catalog.queries import (
    WRITE_APPLICATIONS,
    home_project,
    reached_application,
)
from keyhouse.services.catalog.selling import has_subscribed
from keyhouse.services.privilege import demand_no_more_in
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work, switched

EXTERNAL_ID_LENGTH_MAX: Final = 255


class ApplicationChanges(TypedDict, total=False):
    """What may change of an application; only what is there is changed."""

    name: str
    external_id: str | None
    purpose: str
    limits: tuple[Limit, ...]
    rotation: RotationSchedule | None
    customer: str | None
    disabled: bool


def create_application(
    work: Work,
    *,
    name: str,
    external_id: str | None = None,
    purpose: str = "",
    limits: tuple[Limit, ...] = (),
    customer: str | None = None,
    project: str | None = None,
    rotation: RotationSchedule | None = None,
) -> Application:
    """A new application in a project; `customer` is an id or external id."""
    home = home_project(work, WRITE_APPLICATIONS, project)
    refuse(
        [
            *check_limits("limits", limits, work.knows_zone),
            *check_schedule("rotation", rotation),
        ]
    )
    given = (name, external_id, purpose, limits)
    made = add_application(work, home.id, *given, rotation=rotation)
    if customer is not None:
        link_application(work, made, customer)
    return made


def add_application(
    work: Work,
    project_id: str,
    name: str,
    external_id: str | None,
    purpose: str = "",
    limits: tuple[Limit, ...] = (),
    *,
    rotation: RotationSchedule | None = None,
) -> Application:
    """Insert an application; whether the actor may was asked before."""
    given: ApplicationChanges = {"name": name, "purpose": purpose}
    refuse(check_application({**given, "external_id": external_id}))
    application = Application(
        id=work.new_id(ids.APPLICATION),
        organization_id=work.actor.organization_id,
        project_id=project_id,
        name=name,
        external_id=external_id,
        purpose=purpose,
        limits=limits,
        created_at=work.now_us,
        updated_at=work.now_us,
        rotation=rotation,
    )
    return work.add("application.create", application)


def change_application(work: Work, id: str, changes: ApplicationChanges) -> Application:
    """Change an application, link it to a customer, or switch off (or on) its keys.

    Raises Forbidden where that would let a management key work again that may do
    more than the actor, and Taken for one that works longer or elsewhere.
    """
    application = reached_application(work, WRITE_APPLICATIONS, id)
    limits = check_limits("limits", changes.get("limits", ()), work.knows_zone)
    schedule = check_schedule("rotation", changes.get("rotation"))
    refuse([*check_application(changes), *limits, *schedule])
    changed = switched(work, application, changes)
    if changed.get("disabled_at", 0) is None and application.disabled_at is not None:
        demand_no_more_in(work, application_id=application.id)
    if "customer" in changed:
        link_application(work, application, changed.pop("customer"))
    return work.change("application.change", application, **changed)


def delete_application(work: Work, id: str) -> None:
    """Delete an application that never had a key, nor subscribed to a plan.

    Usage and audit belong to keys and keys to applications, so one with keys
    stays, and is disabled: its keys are then refused at once.
    """
    application = reached_application(work, WRITE_APPLICATIONS, id)
    if work.tx.page(Key, after=None, limit=1, application_id=application.id).rows:
        raise Taken("application", "has keys", "disable it instead")
    if has_subscribed(work, application):
        raise Taken("application", "has or had subscriptions", "disable it instead")
    for link in work.tx.find(ApplicationCustomer, application_id=application.id):
        work.tx.remove(link)
    # Many, perhaps, and of interest to nobody once there is no application.
    work.tx.remove_many(TokenRevocation, application_id=application.id)
    work.drop("application.delete", application)


def check_application(fields: ApplicationChanges) -> list[Problem]:
    """What is wrong with what is said of an application, besides its limits."""
    problems: list[Problem] = []
    if "name" in fields:
        problems += check_name("name", fields["name"])
    if "purpose" in fields:
        problems += check_text("purpose", fields["purpose"])
    external_id = fields.get("external_id")
    if external_id is not None:
        problems += check_text("external_id", external_id, EXTERNAL_ID_LENGTH_MAX)
        if not external_id:
            problems.append(Problem("external_id", "is empty", "leave it out"))
    return problems

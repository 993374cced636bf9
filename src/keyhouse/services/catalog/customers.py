"""Customers: whom applications belong to, as their provider sees it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from keyhouse.core import ids
from keyhouse.core.entities import ApplicationCustomer, Credit, Customer, Limit
from keyhouse.core.validation import (
    Problem,
    check_limits,
    check_metadata,
    check_name,
    check_text,
)
from keyhouse.ports import Page
from keyhouse.services.catalog.queries import home_project, within_reach
from keyhouse.services.refusals import NotFound, Taken, refuse
from keyhouse.services.work import Look, Turn, Work, switched

READ_CUSTOMERS: Final = "customers:read"
WRITE_CUSTOMERS: Final = "customers:write"
APPLICATIONS_COUNTED: Final = 1000
_EXTERNAL_ID_LENGTH_MAX: Final = 255


class CustomerFields(TypedDict, total=False):
    """What may be said of a customer; in a change, only what is there is changed."""

    external_id: str
    name: str
    limits: tuple[Limit, ...]
    metadata: dict[str, Any]
    prepaid: bool
    disabled: bool


def get_customer(look: Look, id: str) -> Customer:
    """A customer within reach."""
    return reached_customer(look, READ_CUSTOMERS, id)


def list_customers(
    look: Look, turn: Turn, *, project: str | None = None, external_id: str | None = None
) -> Page:
    """The customers within reach, the newest first."""
    equals = within_reach(look, READ_CUSTOMERS, project, external_id)
    return look.page(Customer, turn, equals)


def count_applications(look: Look, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How many applications each of these customers, all within reach, has;

    of one with more than `APPLICATIONS_COUNTED` one more than that is told.
    """
    most = APPLICATIONS_COUNTED + 1
    return look.tx.count_each(ApplicationCustomer, "customer_id", customer_ids, most)


def create_customer(
    work: Work, *, external_id: str, project: str | None, fields: CustomerFields
) -> Customer:
    """A new customer in a project. Its name is its external id unless one is given."""
    home = home_project(work, WRITE_CUSTOMERS, project)
    fields = {**fields, "external_id": external_id}
    refuse(_check(work, fields))
    given = {"name": external_id, **_switched(work, None, fields)}
    customer = Customer(
        id=work.new_id(ids.CUSTOMER),
        organization_id=work.actor.organization_id,
        project_id=home.id,
        created_at=work.now_us,
        updated_at=work.now_us,
        **given,
    )
    return work.add("customer.create", customer)


def change_customer(work: Work, id: str, fields: CustomerFields) -> Customer:
    """Change a customer, have it prepay, or switch off what its applications open."""
    customer = reached_customer(work, WRITE_CUSTOMERS, id)
    refuse(_check(work, fields))
    changed = _switched(work, customer, fields)
    return work.change("customer.change", customer, **changed)


def delete_customer(work: Work, id: str) -> None:
    """Delete a customer that no application is linked to and that had no credits."""
    customer = reached_customer(work, WRITE_CUSTOMERS, id)
    linked = work.tx.page(ApplicationCustomer, after=None, limit=1, customer_id=customer.id)
    if linked.rows:
        mend = "link them to another first, or disable it instead"
        raise Taken("customer", "has applications", mend)
    if work.tx.page(Credit, after=None, limit=1, customer_id=customer.id).rows:
        raise Taken("customer", "has a ledger of credits", "disable it instead")
    work.drop("customer.delete", customer)


def reached_customer(at: Look | Work, scope: str, id: str) -> Customer:
    """A customer in whose project the actor holds `scope`."""
    reach = at.actor.reach(scope)
    customer = at.own(Customer, id)
    if not reach.holds_project(customer.project_id):
        raise NotFound("customer")
    return customer


def _switched(
    work: Work, customer: Customer | None, fields: CustomerFields
) -> dict[str, Any]:
    """The fields with `disabled` and `prepaid` told as the time since when it is so."""
    changed = switched(work, customer, dict(fields))
    if "prepaid" in changed:
        since = (customer and customer.prepaid_at) or work.now_us
        changed["prepaid_at"] = since if changed.pop("prepaid") else None
    return changed


def _check(work: Work, fields: CustomerFields) -> list[Problem]:
    problems: list[Problem] = []
    if "external_id" in fields:
        external_id = fields["external_id"]
        problems += check_text("external_id", external_id, _EXTERNAL_ID_LENGTH_MAX)
        if not external_id:
            mend = "give your own name for the customer"
            problems.append(Problem("external_id", "is empty", mend))
    if "name" in fields:
        problems += check_name("name", fields["name"])
    if "limits" in fields:
        problems += check_limits("limits", fields["limits"], work.knows_zone)
    if "metadata" in fields:
        problems += check_metadata("metadata", fields["metadata"])
    return problems

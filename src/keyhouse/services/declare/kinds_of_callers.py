"""Customers and applications: who calls."""

from collections.abc import Sequence
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import (
    Application,
    ApplicationCustomer,
    Credit,
    Customer,
    Key,
    Subscription,
)
from keyhouse.services import catalog
from keyhouse.services.declare.forms import FLAG, JSON, OPTIONAL_TEXT, TEXT
from keyhouse.services.declare.kinds import Field, Held, Kind, Made, State
from keyhouse.services.declare.kinds_of_projects import (
    DISABLED,
    LIMITED,
    PROJECT,
    ROTATION,
)
from keyhouse.services.declare.rows import done, holds, left, manages, rest
from keyhouse.services.work import Look, Work


def _make_customer(work: Work, held: Held) -> Made:
    fields: Any = rest(held, "external_id", "project")
    made = catalog.create_customer(
        work, external_id=held["external_id"], project=held["project"], fields=fields
    )
    return Made(made.id)


def _find_customer(at: Look | Work, state: State) -> Sequence[str]:
    where = {"project_id": state["project"], "external_id": state["external_id"]}
    return [row.id for row in at.tx.find(Customer, **where)]


CUSTOMERS: Final = Kind(
    section="customers",
    one="customer",
    prefix=ids.CUSTOMER,
    entity=Customer,
    fields=(
        Field(name="external_id", form=TEXT, needed=True),
        PROJECT,
        Field(name="name", form=TEXT, default=lambda state: state["external_id"]),
        LIMITED,
        Field(name="metadata", form=JSON, default={}),
        Field(name="prepaid", form=FLAG, default=False, column="prepaid_at"),
        DISABLED,
    ),
    read_scope=catalog.READ_CUSTOMERS,
    write_scope=catalog.WRITE_CUSTOMERS,
    title=lambda state: state["external_id"],
    identity=("project", "external_id"),
    find=_find_customer,
    make=_make_customer,
    change=lambda work, row, held: done(catalog.change_customer(work, row.id, {**held})),  # type: ignore[typeddict-item] # by the table
    remove=lambda work, row: catalog.delete_customer(work, row.id),
    stays=lambda at, row, loose: (
        holds(at, Credit, customer_id=row.id)
        or left(at, ApplicationCustomer, "application_id", loose, customer_id=row.id)
    ),
    known_as=lambda state: (state["external_id"],),
)


def _make_application(work: Work, held: Held) -> Made:
    made = catalog.create_application(work, **rest(held, "disabled"))
    if held["disabled"]:
        catalog.change_application(work, made.id, {"disabled": True})
    return Made(made.id)


def _find_application(at: Look | Work, state: State) -> Sequence[str]:
    """By its external id; without one by its name, among all that have the name."""
    where: dict[str, object] = {"project_id": state["project"]}
    if state["external_id"] is not None:
        where["external_id"] = state["external_id"]
    else:
        where |= {"name": state["name"], "external_id": None}
    return [
        row.id
        for row in at.tx.stretch(
            Application, after="", limit=2, within=None, either=None, **where
        )
    ]


def _customers(at: Look | Work, rows: Sequence[Application]) -> list[State]:
    links = at.tx.find(
        ApplicationCustomer,
        application_id=tuple(row.id for row in rows),
        provider_id=at.actor.organization_id,
    )
    found = {link.application_id: link.customer_id for link in links}
    return [{"customer": found.get(row.id)} for row in rows]


APPLICATIONS: Final = Kind(
    section="applications",
    one="application",
    prefix=ids.APPLICATION,
    entity=Application,
    fields=(
        Field(name="name", form=TEXT, needed=True),
        Field(name="external_id", form=OPTIONAL_TEXT),
        PROJECT,
        Field(name="purpose", form=TEXT, default=""),
        Field(name="customer", form=OPTIONAL_TEXT, refers="customers", apart=True),
        LIMITED,
        ROTATION,
        DISABLED,
    ),
    read_scope=catalog.READ_APPLICATIONS,
    write_scope=catalog.WRITE_APPLICATIONS,
    title=lambda state: state["name"],
    identity=("project", "external_id", "name"),
    find=_find_application,
    make=_make_application,
    change=lambda work, row, held: done(
        catalog.change_application(work, row.id, {**held})  # type: ignore[typeddict-item] # by the table
    ),
    remove=lambda work, row: catalog.delete_application(work, row.id),
    tell_more=_customers,
    stays=lambda at, row, _loose: (
        holds(at, Key, application_id=row.id)
        or holds(at, Subscription, application_id=row.id)
    ),
    owned=lambda at, row: not manages(at, application_id=row.id),
    known_as=lambda state: (state["external_id"], state["name"]),
)

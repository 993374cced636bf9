"""Whose customer an application is, as its own organization sees it.

An application is linked to one customer with each provider. What was counted
before a change stays with the customer that it was counted for.
"""

from collections.abc import Sequence
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Application, ApplicationCustomer, Customer
from keyhouse.core.validation import Problem
from keyhouse.ports import Page
from keyhouse.services.catalog.customers import READ_CUSTOMERS, reached_customer
from keyhouse.services.catalog.queries import get_application, list_applications
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.work import Look, Turn, Work


class ApplicationView(NamedTuple):
    """An application, and the id of the customer that it is of."""

    application: Application
    customer_id: str | None


def view_application(look: Look, id: str) -> ApplicationView:
    """An application within reach."""
    return seen(look, get_application(look, id))


def view_applications(
    look: Look, turn: Turn, *, project: str | None = None, external_id: str | None = None
) -> Page:
    """The applications within reach, the newest first, as views."""
    page = list_applications(look, turn, project=project, external_id=external_id)
    links = _links(look, [row.id for row in page.rows])
    views = [ApplicationView(row, links.get(row.id)) for row in page.rows]
    return Page(views, page.next_cursor)


def seen(at: Look | Work, application: Application) -> ApplicationView:
    """An application as a view."""
    links = _links(at, [application.id])
    return ApplicationView(application, links.get(application.id))


def link_application(work: Work, application: Application, wanted: str | None) -> None:
    """Make the application one of that customer's, named by id or external id.

    None makes it nobody's. Whether the actor may change the application was
    asked before; the customer has to be within reach as well.
    """
    customer = None if wanted is None else _customer(work, application, wanted)
    provider = work.actor.organization_id
    link = work.tx.get(ApplicationCustomer, f"{application.id}/{provider}")
    before = None if link is None else link.customer_id
    after = None if customer is None else customer.id
    if before == after:
        return
    if customer is None and link is not None:
        work.tx.remove(link)
    elif link is not None:
        work.tx.update(link, customer_id=after)
    elif customer is not None:
        work.tx.insert(_link(work, application, customer))
    told = ({"customer": before}, {"customer": after})
    work.note("application.link", application.id, *told)


def _link(work: Work, application: Application, customer: Customer) -> ApplicationCustomer:
    provider = customer.organization_id
    return ApplicationCustomer(
        id=f"{application.id}/{provider}",
        application_id=application.id,
        provider_id=provider,
        customer_id=customer.id,
        created_at=work.now_us,
    )


def _customer(work: Work, application: Application, wanted: str) -> Customer:
    """The customer with that id, or with that external id in the same project."""
    id = wanted
    if not ids.is_id(wanted, ids.CUSTOMER) and wanted.isprintable():
        home = application.project_id
        named = work.tx.find(Customer, project_id=home, external_id=wanted)
        id = named[0].id if named else ""
    try:
        return reached_customer(work, READ_CUSTOMERS, id)
    except NotFound:
        mend = "name one of yours by id or external_id; GET /v1/customers lists them"
        raise Invalid([Problem("customer", "is not known", mend)]) from None


def _links(at: Look | Work, application_ids: Sequence[str]) -> dict[str, str]:
    """The customers of applications, with the actor's organization as provider."""
    rows = at.tx.find(
        ApplicationCustomer,
        application_id=tuple(application_ids),
        provider_id=at.actor.organization_id,
    )
    return {row.application_id: row.customer_id for row in rows}

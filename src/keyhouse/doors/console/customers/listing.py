"""Customers with their applications, and what they have left."""

from typing import Final, NamedTuple

from keyhouse.core.entities import Application, ApplicationCustomer, Credit, Customer
from keyhouse.doors.console.keys import words
from keyhouse.services import catalog, prepaid
from keyhouse.services.prepaid import Balance
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

CUSTOMERS_SHOWN: Final = 50
APPLICATIONS_SHOWN: Final = 100
ENTRIES_SHOWN: Final = 25
_NEARLY_GONE: Final = 90
"""From so much of all credits spent on, in %, the balance is shown as low."""


class Row(NamedTuple):
    """A customer in the list; `balance` is None for one that does not prepay.

    It has `applications`, or more where not `are_all` are counted.
    """

    customer: Customer
    applications: int
    are_all: bool
    balance: Balance | None


class Listed(NamedTuple):
    """A page of rows, and the cursor behind it."""

    rows: list[Row]
    next_cursor: str | None


class Gauge(NamedTuple):
    """How much of all credits is spent: a share in %, and fine, low or out."""

    share: float
    tone: str


class Shown(NamedTuple):
    """One customer with all that its page tells."""

    customer: Customer
    applications: list[Application]
    limits: list[tuple[str, str]]
    balance: Balance
    gauge: Gauge
    entries: list[Credit]
    next_cursor: str | None
    can_be_deleted: bool


def listed(look: Look, project: str, cursor: str | None) -> Listed:
    """The project's customers, the newest first."""
    page = catalog.list_customers(look, Turn(cursor, CUSTOMERS_SHOWN), project=project)
    linked = catalog.count_applications(look, [customer.id for customer in page.rows])
    prepaying = [customer for customer in page.rows if customer.prepaid_at is not None]
    has = prepaid.balances(look, prepaying)
    rows = [_row(one, linked[one.id], has.get(one.id)) for one in page.rows]
    return Listed(rows, page.next_cursor)


def own_customer(look: Look, project: str, id: str) -> Customer:
    """A customer of that project; NotFound for another's."""
    customer = catalog.get_customer(look, id)
    if customer.project_id != project:
        raise NotFound("customer")
    return customer


def shown_of(look: Look, project: str, id: str, cursor: str | None) -> Shown:
    """All that the page of a customer tells; the cursor is that of its ledger."""
    customer = own_customer(look, project, id)
    linked = look.tx.page(
        ApplicationCustomer, after=None, limit=APPLICATIONS_SHOWN, customer_id=customer.id
    ).rows
    applications = look.tx.find(Application, id=tuple(one.application_id for one in linked))
    has = prepaid.balance(look, customer.id)
    ledger = prepaid.list_credits(look, customer.id, Turn(cursor, ENTRIES_SHOWN))
    return Shown(
        customer=customer,
        applications=sorted(applications, key=lambda one: one.name.casefold()),
        limits=[(one.name, words.limit(one)) for one in customer.limits],
        balance=has,
        gauge=gauge_of(has),
        entries=ledger.rows,
        next_cursor=ledger.next_cursor,
        can_be_deleted=not linked and customer.credits is None,
    )


def gauge_of(balance: Balance) -> Gauge:
    """The balance as a bar: what is spent of all that came."""
    share = (
        100.0 * min(balance.spent, balance.added) / balance.added if balance.added else 0.0
    )
    if balance.left == 0:
        return Gauge(share, "out")
    return Gauge(share, "low" if share >= _NEARLY_GONE else "fine")


def _row(customer: Customer, applications: int, balance: Balance | None) -> Row:
    counted = min(applications, catalog.APPLICATIONS_COUNTED)
    return Row(customer, counted, counted == applications, balance)

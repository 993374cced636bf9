"""Reading the credits of a customer."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.counting import credits_budget
from keyhouse.core.entities import Credit, Customer
from keyhouse.core.quotas import FOREVER, Budget
from keyhouse.ports import Page
from keyhouse.services.catalog.customers import READ_CUSTOMERS, reached_customer
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn


class Balance(NamedTuple):
    """What a customer has. `added` is all that ever came, `spent` what of it is

    gone: by calls, as far as they are booked, and by entries that took some.
    `reserved` is held by gateways that may spend it, and is part of `left`.
    """

    prepaid: bool
    added: int
    spent: int
    reserved: int
    left: int


def balance(look: Look, customer_id: str) -> Balance:
    """What a customer has left now."""
    customer = reached_customer(look, READ_CUSTOMERS, customer_id)
    return balances(look, [customer])[customer.id]


def balances(look: Look, customers: Sequence[Customer]) -> Mapping[str, Balance]:
    """What each of these customers, all within reach, has left now, in one read."""
    wanted = [(_budget(customer), FOREVER) for customer in customers]
    spent = look.tx.spent_of(wanted)
    pairs = zip(customers, spent, strict=True)
    return {customer.id: _balance(customer, *units) for customer, units in pairs}


def list_credits(look: Look, customer_id: str, turn: Turn) -> Page:
    """The ledger of a customer, the newest entry first."""
    customer = reached_customer(look, READ_CUSTOMERS, customer_id)
    return look.page(Credit, turn, {"customer_id": customer.id})


def get_credit(look: Look, customer_id: str, id: str) -> Credit:
    """One entry of a customer's ledger."""
    customer = reached_customer(look, READ_CUSTOMERS, customer_id)
    entry = look.tx.get(Credit, id) if ids.is_id(id, ids.CREDIT) else None
    if entry is None or entry.customer_id != customer.id:
        raise NotFound("credit")
    return entry


def _balance(customer: Customer, spent: int, reserved: int) -> Balance:
    added = customer.credits or 0
    left = max(added - spent, 0)
    return Balance(customer.prepaid_at is not None, added, spent, reserved, left)


def _budget(customer: Customer) -> Budget:
    return credits_budget(customer.organization_id, customer.id)

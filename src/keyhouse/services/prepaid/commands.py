"""Writing to the ledger of a customer's credits. Entries are only ever added."""

from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.counting import credits_budget
from keyhouse.core.entities import Credit, CreditKind, Customer
from keyhouse.core.quotas import FOREVER
from keyhouse.core.validation import AMOUNT_MAX, Problem, check_number, check_text
from keyhouse.services.catalog.customers import WRITE_CUSTOMERS, reached_customer
from keyhouse.services.refusals import Taken, refuse
from keyhouse.services.work import Work

_COMES: Final = (CreditKind.PURCHASE, CreditKind.GRANT)


class CreditWish(NamedTuple):
    """What is to be added to a balance, or, below 0, taken from it."""

    amount: int
    kind: CreditKind
    note: str = ""


def add_credit(work: Work, customer_id: str, wish: CreditWish) -> Credit:
    """Add an entry; from the first one on the customer's live calls are prepaid.

    What is taken is spent at once, in the same transaction: so it is refused
    where less is left, and no node can spend it a second time.
    """
    customer = reached_customer(work, WRITE_CUSTOMERS, customer_id)
    refuse(_check(wish))
    before = customer.credits or 0
    added = before + max(wish.amount, 0)
    if added > AMOUNT_MAX:
        raise Taken("amount", "is more than one balance can hold", "add less")
    if wish.amount < 0:
        _take(work, customer, -wish.amount)
    entry = _entry(work, customer, wish, added)
    work.tx.insert(entry)
    changes: dict[str, int] = {"credits": added}
    if customer.credits is None and customer.prepaid_at is None:
        changes["prepaid_at"] = work.now_us
    work.tx.update(customer, **changes, updated_at=work.now_us)
    told = {"entry": entry.id, "kind": wish.kind.value, "amount": wish.amount}
    work.note("customer.credit", customer.id, after={**told, "balance": entry.balance})
    return entry


def _take(work: Work, customer: Customer, units: int) -> None:
    budget = credits_budget(customer.organization_id, customer.id)
    if not work.tx.spend(budget, FOREVER, customer.credits or 0, units):
        mend = "take less; what gateways hold to spend comes back when it is idle"
        raise Taken("amount", "is more than is left", mend)


def _entry(work: Work, customer: Customer, wish: CreditWish, added: int) -> Credit:
    budget = credits_budget(customer.organization_id, customer.id)
    spent, _ = work.tx.spent(budget, FOREVER)
    return Credit(
        id=work.new_id(ids.CREDIT),
        organization_id=customer.organization_id,
        customer_id=customer.id,
        at=work.now_us,
        kind=wish.kind,
        amount=wish.amount,
        balance=max(added - spent, 0),
        note=wish.note,
        actor=work.actor.id,
    )


def _check(wish: CreditWish) -> list[Problem]:
    problems = check_text("note", wish.note)
    if wish.amount == 0:
        return [*problems, Problem("amount", "is 0", "say how many units")]
    if wish.kind in _COMES and wish.amount < 0:
        mend = "use adjustment or refund to take some away"
        problems.append(Problem("amount", f"takes away in a {wish.kind}", mend))
    if wish.kind is CreditKind.REFUND and wish.amount > 0:
        mend = "a refund gives the money back and takes the credits: write it below 0"
        problems.append(Problem("amount", "adds in a refund", mend))
    return [*problems, *check_number("amount", abs(wish.amount), 1, AMOUNT_MAX)]

"""Credits of a customer: an entry in its ledger, and whether it prepays at all."""

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Credit, CreditKind, Customer
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.numbers import read_number
from keyhouse.doors.console.customers.listing import own_customer
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog, prepaid
from keyhouse.services.catalog import WRITE_CUSTOMERS
from keyhouse.services.prepaid import CreditWish
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Work

router = APIRouter()
_ONE: Final = "/{project}/{environment}/customers/{customer}"
WISHES: Final = {
    "purchase": ("Bought", "Adds what was paid for"),
    "grant": ("Given", "Adds without a payment"),
    "correction": ("Correct upwards", "Adds what was missing"),
    "taken": ("Correct downwards", "Takes away what was too much"),
    "refund": ("Paid back", "Takes away what the money was returned for"),
}
_KINDS: Final = {
    "purchase": (CreditKind.PURCHASE, 1),
    "grant": (CreditKind.GRANT, 1),
    "correction": (CreditKind.ADJUSTMENT, 1),
    "taken": (CreditKind.ADJUSTMENT, -1),
    "refund": (CreditKind.REFUND, -1),
}


@router.get(f"{_ONE}/credits")
async def new(here: Here, customer: str) -> Response:
    """The form of an entry."""
    demand(here, WRITE_CUSTOMERS)
    row = await here.read(lambda look: own_customer(look, here.project.id, customer))
    return _page(here, row, {})


@router.post(f"{_ONE}/credits")
async def add(here: Here, customer: str) -> Response:
    """Write the entry, or tell what stands in the way."""
    demand(here, WRITE_CUSTOMERS)
    row = await here.read(lambda look: own_customer(look, here.project.id, customer))
    form = await here.form()
    names = ("kind", "amount", "note")
    typed = {name: str(form.get(name, "")).strip() for name in names}
    try:
        wish = _wish(typed)
        entry = await here.write(lambda work: _added(work, row, wish))
    except (Invalid, Taken) as error:
        return _page(here, row, typed, error.problems)
    came = f"{abs(entry.amount):,} credits {'added' if entry.amount > 0 else 'taken'}"
    return see_other(here, here.url("customers", row.id), came)


@router.post(f"{_ONE}/prepay")
async def prepay(here: Here, customer: str) -> Response:
    """Have its live calls spend of its credits, or no longer."""
    demand(here, WRITE_CUSTOMERS)
    row = await here.read(lambda look: own_customer(look, here.project.id, customer))
    wanted = str((await here.form()).get("prepaid", "")) == "1"
    await here.write(
        lambda work: catalog.change_customer(work, row.id, {"prepaid": wanted})
    )
    toast = "Live calls spend credits now" if wanted else "Live calls spend no credits"
    return see_other(here, here.url("customers", row.id), toast)


def _added(work: Work, customer: Customer, wish: CreditWish) -> Credit:
    return prepaid.add_credit(work, customer.id, wish)


def _wish(typed: Mapping[str, str]) -> CreditWish:
    """The entry that was typed; Invalid for what is no number or choice."""
    amount, problems = read_number("amount", typed["amount"])
    if typed["kind"] not in _KINDS:
        problems.append(Problem("kind", "is none of these", f"choose {', '.join(_KINDS)}"))
    if problems:
        raise Invalid(problems)
    kind, sign = _KINDS[typed["kind"]]
    return CreditWish(sign * amount, kind, typed["note"])


def _page(
    here: InProject,
    customer: Customer,
    typed: Mapping[str, str],
    problems: Sequence[Problem] = (),
) -> Response:
    return render(
        here,
        "customers/credit.html",
        422 if problems else 200,
        typed={"kind": "purchase", **typed},
        customer=customer,
        wishes=[(name, label, note) for name, (label, note) in WISHES.items()],
        problems=by_field(problems),
    )

"""Customers: whom applications belong to, with shared limits and credits."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Customer
from keyhouse.doors.console.apis.limit_rows import limits_of, rows_of
from keyhouse.doors.console.customers.listing import listed, own_customer, shown_of
from keyhouse.doors.console.limited_form import Form, LimitedForm
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_CUSTOMERS
from keyhouse.services.refusals import NotFound, refuse
from keyhouse.services.work import Look, Work

router = APIRouter()
_ALL: Final = "/{project}/{environment}/customers"
_ONE: Final = f"{_ALL}/{{customer}}"
_FORM: Final[LimitedForm[Customer]] = LimitedForm(
    "customers", "customer", ("name", "external_id")
)


@router.get(_ALL)
async def customers(here: Here) -> Response:
    """The customers of the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: listed(look, here.project.id, cursor))
    return render(here, "customers/list.html", listed=seen)


@router.get(f"{_ALL}/new")
async def new(here: Here) -> Response:
    """The form of a new customer."""
    demand(here, WRITE_CUSTOMERS)
    return _FORM.page(here, Form(), None)


@router.post(_ALL)
async def create(here: Here) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_CUSTOMERS)
    form, more = await _FORM.typed(here)
    if more:
        return _FORM.page(here, form, None)
    typed = form.texts

    def act(work: Work) -> Customer:
        limits, problems = limits_of(form.rows)
        refuse(problems)
        return catalog.create_customer(
            work,
            external_id=typed["external_id"],
            project=here.project.id,
            fields={"name": typed["name"] or typed["external_id"], "limits": limits},
        )

    return await _FORM.saved(here, form, None, act, "Customer created")


@router.get(_ONE)
async def one(here: Here, customer: str) -> Response:
    """One customer with its applications and its ledger."""
    cursor = here.request.query_params.get("cursor")
    shown = await here.read(lambda look: shown_of(look, here.project.id, customer, cursor))
    return render(here, "customers/one.html", shown=shown)


@router.get(f"{_ONE}/edit")
async def edit(here: Here, customer: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_CUSTOMERS)
    row, form = await here.read(lambda look: _held(look, here.project.id, customer))
    return _FORM.page(here, form, row)


@router.post(_ONE)
async def change(here: Here, customer: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, WRITE_CUSTOMERS)
    row = await here.read(lambda look: own_customer(look, here.project.id, customer))
    form, more = await _FORM.typed(here)
    if more:
        return _FORM.page(here, form, row)
    typed = form.texts

    def act(work: Work) -> Customer:
        limits, problems = limits_of(form.rows)
        refuse(problems)
        return catalog.change_customer(
            work,
            _own(work, here, customer).id,
            {
                "name": typed["name"],
                "external_id": typed["external_id"],
                "limits": limits,
            },
        )

    return await _FORM.saved(here, form, row, act, "Changes saved")


@router.post(f"{_ONE}/disable")
async def disable(here: Here, customer: str) -> Response:
    """Refuse all calls of its applications here."""
    await here.write(lambda work: _switch(work, here, customer, disabled=True))
    url = here.url("customers", customer)
    back = Undo(f"{url}/enable", {"csrf": here.csrf})
    toast = "Customer disabled: its applications are refused"
    return see_other(here, url, toast, undo=back)


@router.post(f"{_ONE}/enable")
async def enable(here: Here, customer: str) -> Response:
    """Let its applications call again."""
    await here.write(lambda work: _switch(work, here, customer, disabled=False))
    return see_other(here, here.url("customers", customer), "Customer enabled")


@router.post(f"{_ONE}/delete")
async def delete(here: Here, customer: str) -> Response:
    """Delete one that has neither applications nor a ledger."""

    def act(work: Work) -> None:
        catalog.delete_customer(work, _own(work, here, customer).id)

    await here.write(act)
    return see_other(here, here.url("customers"), "Customer deleted")


def _held(look: Look, project: str, id: str) -> tuple[Customer, Form]:
    """A customer, and the form that shows it as it is."""
    row = own_customer(look, project, id)
    texts = {"name": row.name, "external_id": row.external_id}
    return row, Form(texts, rows_of(row.limits))


def _own(work: Work, here: InProject, id: str) -> Customer:
    row = work.own(Customer, id)
    if row.project_id != here.project.id:
        raise NotFound("customer")
    return row


def _switch(work: Work, here: InProject, id: str, *, disabled: bool) -> Customer:
    own = _own(work, here, id)
    return catalog.change_customer(work, own.id, {"disabled": disabled})

"""`/v1/customers` and their credits."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.core.entities import CreditKind
from keyhouse.doors.api import models
from keyhouse.doors.api.answers import BalanceOut, CreditOut, CustomerOut
from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.shapes import balance_out, credit_out, customer_out
from keyhouse.doors.api.wishes import customer_fields
from keyhouse.services import catalog, prepaid
from keyhouse.services.prepaid import CreditWish

router = APIRouter(tags=["Customers"])
_reading = partial(
    operation, router, "GET", scope=catalog.READ_CUSTOMERS, answer=CustomerOut
)
_looking = partial(operation, router, "GET", scope=catalog.READ_CUSTOMERS)
_writing = partial(operation, router, scope=catalog.WRITE_CUSTOMERS)


@_reading("/v1/customers", id="list_customers", many=True)
def list_customers(
    call: AnyCall, query: Annotated[models.CustomersQuery, Query()]
) -> Response:
    """Customers, the newest first."""
    return call.page(
        lambda look: catalog.list_customers(
            look, turn(query), project=query.project, external_id=query.external_id
        ),
        customer_out,
    )


@_writing("POST", "/v1/customers", id="create_customer", answer=CustomerOut, status=201)
def create_customer(call: PostCall, body: models.CustomerBody) -> Response:
    """Create a customer: whom applications belong to, by your own name for it."""
    fields = customer_fields(body)
    return call.made(
        lambda work: catalog.create_customer(
            work, external_id=body.external_id, project=body.project, fields=fields
        ),
        customer_out,
    )


@_reading("/v1/customers/{id}", id="get_customer")
def get_customer(call: AnyCall, id: str) -> Response:
    """One customer."""
    return call.one(lambda look: catalog.get_customer(look, id), customer_out)


@_writing("PATCH", "/v1/customers/{id}", id="change_customer", answer=CustomerOut)
def change_customer(call: PatchCall, id: str, body: models.CustomerChange) -> Response:
    """Change a customer; `disabled` refuses the keys of all its applications."""
    fields = customer_fields(body)
    return call.changed(
        lambda work: catalog.change_customer(work, id, fields),
        customer_out,
        lambda look: catalog.get_customer(look, id),
    )


@_writing("DELETE", "/v1/customers/{id}", id="delete_customer", answer=None, status=204)
def delete_customer(call: AnyCall, id: str) -> Response:
    """Delete a customer without applications that never had credits."""
    return call.gone(lambda work: catalog.delete_customer(work, id))


@_looking("/v1/customers/{id}/balance", id="get_balance", answer=BalanceOut)
def get_balance(call: AnyCall, id: str) -> Response:
    """What a customer has left of its credits."""
    return call.one(lambda look: prepaid.balance(look, id), balance_out)


@_looking("/v1/customers/{id}/credits", id="list_credits", answer=CreditOut, many=True)
def list_credits(
    call: AnyCall, id: str, query: Annotated[models.ListQuery, Query()]
) -> Response:
    """The ledger of a customer's credits, the newest entry first."""
    return call.page(lambda look: prepaid.list_credits(look, id, turn(query)), credit_out)


@_writing(
    "POST", "/v1/customers/{id}/credits", id="add_credit", answer=CreditOut, status=201
)
def add_credit(call: PostCall, id: str, body: models.CreditBody) -> Response:
    """Add credits, or take some; from the first on live calls are prepaid."""
    wish = CreditWish(body.amount, CreditKind(body.kind), body.note)
    return call.made(lambda work: prepaid.add_credit(work, id, wish), credit_out)


@_looking("/v1/customers/{id}/credits/{credit}", id="get_credit", answer=CreditOut)
def get_credit(call: AnyCall, id: str, credit: str) -> Response:
    """One entry of the ledger."""
    return call.one(lambda look: prepaid.get_credit(look, id, credit), credit_out)

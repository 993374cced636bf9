"""`/v1/webhooks`: endpoints, and what is sent to them."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api.calls import AnyCall, PatchCall, PostCall, operation, turn
from keyhouse.doors.api.webhook_shapes import (
    DeliveriesQuery,
    DeliveryOut,
    SecretRotationBody,
    WebhookBody,
    WebhookChange,
    WebhookMadeOut,
    WebhookOut,
    WebhooksQuery,
    delivery_out,
    made_out,
    webhook_changes,
    webhook_out,
    webhook_wish,
)
from keyhouse.services import webhooks

router = APIRouter(tags=["Webhooks"])
_reading = partial(operation, router, "GET", scope=webhooks.READ)
_writing = partial(operation, router, scope=webhooks.WRITE)
_AT = "/v1/webhooks"


@_reading(_AT, id="list_webhooks", answer=WebhookOut, many=True)
def list_webhooks(call: AnyCall, query: Annotated[WebhooksQuery, Query()]) -> Response:
    """Endpoints that are told of events, the newest first."""
    return call.page(
        lambda look: webhooks.list_webhooks(look, turn(query), project=query.project),
        webhook_out,
    )


@_writing("POST", _AT, id="create_webhook", answer=WebhookMadeOut, status=201)
def create_webhook(call: PostCall, body: WebhookBody) -> Response:
    """Have an address told of events. Its secret is in this answer and in no other.

    Each event is a POST, signed in the scheme of Standard Webhooks.
    """
    wish = webhook_wish(body)
    return call.issued(
        lambda work: webhooks.create_webhook(work, wish),
        made_out,
        lambda made: made.secret,
    )


@_reading(f"{_AT}/{{id}}", id="get_webhook", answer=WebhookOut)
def get_webhook(call: AnyCall, id: str) -> Response:
    """One endpoint."""
    return call.one(lambda look: webhooks.get_webhook(look, id), webhook_out)


@_writing("PATCH", f"{_AT}/{{id}}", id="change_webhook", answer=WebhookOut)
def change_webhook(call: PatchCall, id: str, body: WebhookChange) -> Response:
    """Change an endpoint, switch it off, or on again after it was disabled."""
    changes = webhook_changes(body)
    return call.changed(
        lambda work: webhooks.change_webhook(work, id, changes),
        webhook_out,
        lambda look: webhooks.get_webhook(look, id),
    )


@_writing("DELETE", f"{_AT}/{{id}}", id="delete_webhook", answer=None, status=204)
def delete_webhook(call: AnyCall, id: str) -> Response:
    """Delete an endpoint. What was on its way to it is sent no more."""
    return call.gone(lambda work: webhooks.delete_webhook(work, id))


@_writing(
    "POST",
    f"{_AT}/{{id}}/rotate-secret",
    id="rotate_webhook_secret",
    answer=WebhookMadeOut,
    status=201,
)
def rotate_webhook(call: PostCall, id: str, body: SecretRotationBody) -> Response:
    """Give an endpoint a new secret, which is in this answer and in no other.

    For the overlap each event bears two signatures, one of each secret.
    """
    return call.issued(
        lambda work: webhooks.rotate_webhook(work, id, body.overlap_seconds),
        made_out,
        lambda made: made.secret,
        place=_AT,
    )


@_writing("POST", f"{_AT}/{{id}}/test", id="test_webhook", answer=DeliveryOut)
def send_test(call: PostCall, id: str) -> Response:
    """Send an event of the type `webhook.test`; the delivery tells what came of it."""
    return call.done(lambda work: webhooks.send_test(work, id), delivery_out)


@_reading(f"{_AT}/{{id}}/deliveries", id="list_deliveries", answer=DeliveryOut, many=True)
def list_deliveries(
    call: AnyCall, id: str, query: Annotated[DeliveriesQuery, Query()]
) -> Response:
    """What was sent to an endpoint, or is to be sent, the newest first."""
    return call.page(
        lambda look: webhooks.list_deliveries(look, id, turn(query), state=query.state),
        delivery_out,
    )


@_reading(f"{_AT}/{{id}}/deliveries/{{delivery}}", id="get_delivery", answer=DeliveryOut)
def get_delivery(call: AnyCall, id: str, delivery: str) -> Response:
    """One delivery, and what came of its last attempt."""
    return call.one(lambda look: webhooks.get_delivery(look, id, delivery), delivery_out)


@_writing(
    "POST",
    f"{_AT}/{{id}}/deliveries/{{delivery}}/replay",
    id="replay_delivery",
    answer=DeliveryOut,
)
def replay_delivery(call: PostCall, id: str, delivery: str) -> Response:
    """Send the same event once more, whatever became of it: a delivery of its own."""
    return call.done(
        lambda work: webhooks.replay_delivery(work, id, delivery), delivery_out
    )

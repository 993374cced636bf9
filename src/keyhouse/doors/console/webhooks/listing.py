"""Endpoints with how they are doing, and one with its deliveries."""

from typing import Final, NamedTuple

from keyhouse.core.entities import Delivery, DeliveryState, Webhook
from keyhouse.services import webhooks
from keyhouse.services.work import Look, Turn

WEBHOOKS_SHOWN: Final = 50
DELIVERIES_SHOWN: Final = 25
STATES: Final = {
    "": "All",
    DeliveryState.PENDING.value: "On their way",
    DeliveryState.DELIVERED.value: "Arrived",
    DeliveryState.FAILED.value: "Given up",
}
"""Filters of deliveries, by what stands in the address."""


class Row(NamedTuple):
    """An endpoint in the list, with its newest delivery if there was one."""

    webhook: Webhook
    last: Delivery | None


class Listed(NamedTuple):
    """A page of rows, and the cursor behind it."""

    rows: list[Row]
    next_cursor: str | None


class Shown(NamedTuple):
    """One endpoint with its deliveries, the newest first.

    `is_moving` where one of them was not tried yet: soon there will be more to tell.
    """

    webhook: Webhook
    deliveries: list[Delivery]
    next_cursor: str | None
    is_moving: bool


def listed(look: Look, cursor: str | None) -> Listed:
    """The endpoints, the newest first."""
    page = webhooks.list_webhooks(look, Turn(cursor, WEBHOOKS_SHOWN))
    newest = webhooks.newest_deliveries(look, page.rows)
    rows = [Row(webhook, newest.get(webhook.id)) for webhook in page.rows]
    return Listed(rows, page.next_cursor)


def shown_of(look: Look, id: str, state: str, cursor: str | None) -> Shown:
    """All that the page of an endpoint tells; state and cursor are of its deliveries."""
    webhook = webhooks.get_webhook(look, id)
    page = webhooks.list_deliveries(
        look, id, Turn(cursor, DELIVERIES_SHOWN), state=state or None
    )
    new = [row for row in page.rows if row.state is DeliveryState.PENDING]
    moving = webhook.disabled_at is None and any(not row.attempts for row in new)
    return Shown(webhook, page.rows, page.next_cursor, moving)

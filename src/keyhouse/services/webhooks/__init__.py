"""Webhooks: endpoints of an organization, and what was sent to each."""

from keyhouse.services.webhooks.commands import (
    MadeWebhook,
    WebhookChanges,
    WebhookWish,
    change_webhook,
    create_webhook,
    delete_webhook,
    replay_delivery,
    rotate_webhook,
    send_test,
)
from keyhouse.services.webhooks.courier import Courier
from keyhouse.services.webhooks.queries import (
    READ,
    WRITE,
    get_delivery,
    get_webhook,
    list_deliveries,
    list_webhooks,
    newest_deliveries,
)

__all__ = [
    "READ",
    "WRITE",
    "Courier",
    "MadeWebhook",
    "WebhookChanges",
    "WebhookWish",
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "get_delivery",
    "get_webhook",
    "list_deliveries",
    "list_webhooks",
    "newest_deliveries",
    "replay_delivery",
    "rotate_webhook",
    "send_test",
]

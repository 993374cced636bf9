"""Sending events to endpoints, by HTTP."""

from keyhouse.adapters.webhook.sender import HttpWebhookSender, tls_context

__all__ = ["HttpWebhookSender", "tls_context"]

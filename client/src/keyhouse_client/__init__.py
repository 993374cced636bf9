"""The client of Keyhouse: its management API, for programs and for `kh`."""

from keyhouse_client.aio import AsyncClient
from keyhouse_client.answers import Answer, Page
from keyhouse_client.calls import Call
from keyhouse_client.client import Client
from keyhouse_client.errors import FieldError, KeyhouseError, ProblemError, Unreachable
from keyhouse_client.webhooks import ForgedWebhook, verify_webhook

__all__ = [
    "Answer",
    "AsyncClient",
    "Call",
    "Client",
    "FieldError",
    "ForgedWebhook",
    "KeyhouseError",
    "Page",
    "ProblemError",
    "Unreachable",
    "verify_webhook",
]

"""The client of Keyhouse: its management API, for programs and for `kh`."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyhouse_client.aio import AsyncClient
    from keyhouse_client.answers import Answer, Page
    from keyhouse_client.calls import Call
    from keyhouse_client.client import Client
    from keyhouse_client.errors import (
        FieldError,
        KeyhouseError,
        ProblemError,
        Unreachable,
    )
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

_HOMES = {
    "Answer": "answers",
    "AsyncClient": "aio",
    "Call": "calls",
    "Client": "client",
    "FieldError": "errors",
    "ForgedWebhook": "webhooks",
    "KeyhouseError": "errors",
    "Page": "answers",
    "ProblemError": "errors",
    "Unreachable": "errors",
    "verify_webhook": "webhooks",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for: `kh run` needs no HTTP."""
    if name not in _HOMES:
        raise AttributeError(f"module 'keyhouse_client' has no attribute {name!r}")
    return getattr(import_module(f"keyhouse_client.{_HOMES[name]}"), name)

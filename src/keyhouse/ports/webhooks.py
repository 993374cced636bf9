"""Sending events to endpoints."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from keyhouse.core.entities import Delivery


class Sent(NamedTuple):
    """What came of one attempt: a status and the first bytes of the answer as text,

    or, where no answer came, None and why.
    """

    status: int | None
    answer: str = ""
    error: str = ""


class WebhookSender(Protocol):
    """Posts events. Any number at once, on one event loop; never raises for an

    endpoint's fault.
    """

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, private: bool
    ) -> Sent:
        """POST a JSON body, without following a redirect, in a bounded time.

        Without `private` no connection is made to an address that is not one
        of the open internet, wherever the name leads.
        """

    async def close(self) -> None:
        """Close all connections."""


class DeliveryQueue(Protocol):
    """What is to be sent."""

    def due(self, now_us: int, webhooks_max: int, each_max: int) -> list[Delivery]:
        """Deliveries that are due, the oldest of each endpoint, at most `each_max` of

        it; of at most `webhooks_max` endpoints, chosen by chance, one of each
        organization before a second of any.
        """

"""Heads and bodies of calls of verify that were read before.

A service that asks for each of its own requests sends the same head again and
again, and mostly the same few questions. Equal bytes have an equal meaning, so
they are not parsed twice; who asks, and all of the decision, is asked anew.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from keyhouse.core.credentials import Chosen
from keyhouse.doors.gateway.verify_body import Asked, Batch, read

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange

VERIFY: Final = "/.keyhouse/v1/verify"
BEGINNING: Final = b"POST /.keyhouse/v1/verify "
HEADS_MAX: Final = 1_024
_HEAD_BYTES_MAX: Final = 1_024
BODIES_MAX: Final = 4_096
_BODY_BYTES_MAX: Final = 512


class KnownHead(NamedTuple):
    """How long the body behind a head is, and whose credential is in it."""

    length: int
    chosen: Chosen


class VerifyHeads(dict[bytes, KnownHead]):
    """Known heads, of callers whose word on others does not count. Bounded.

    A credential is in each, so that it shows nothing of them.
    """

    def keep(self, exchange: "Exchange", chosen: Chosen) -> None:
        """Know this one again, if its meaning is all in what was made of it."""
        head, length = exchange.whole, exchange.length
        if (
            not head
            or length is None
            or len(head) > _HEAD_BYTES_MAX
            or exchange.odd
            or exchange.marked
            or not exchange.keep
            or exchange.caller.doubtful
            or chosen.secret is None
        ):
            return
        if len(self) >= HEADS_MAX:
            self.clear()
        self[head] = KnownHead(length, chosen)

    def __repr__(self) -> str:
        return f"<{len(self)} heads>"


class VerifyBodies(dict[bytes, Asked]):
    """Questions by the bytes that they came as. Bounded.

    A credential is in each here too. Where it leads is kept in its `Request.way`,
    which the verifier looks after.
    """

    def read(self, body: bytes) -> Asked | Batch:
        """As `verify_body.read`, which see for what it raises."""
        known = self.get(body)
        if known is not None:
            return known
        asked = read(body)
        if isinstance(asked, Asked) and len(body) <= _BODY_BYTES_MAX:
            if len(self) >= BODIES_MAX:
                self.clear()
            self[body] = asked
        return asked

    def __repr__(self) -> str:
        return f"<{len(self)} bodies>"

"""How webhooks are signed, and when one that failed is sent again.

The scheme is that of Standard Webhooks 1.0 (standardwebhooks.com): a receiver
that knows it needs to know nothing of Keyhouse.
"""

import base64
import hmac
from collections.abc import Iterable
from typing import Final

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how one begins, and none itself
SECRET_BYTES: Final = 32
WEBHOOKS_MAX: Final = 20
"""Endpoints of an organization: each event is a row for each of them."""
OVERLAP_SECONDS_MAX: Final = 31 * 86_400
ANSWER_LENGTH_MAX: Final = 1024
"""What is kept of an answer: enough to see what a receiver complains of."""

_SECOND_US: Final = 1_000_000
_HOUR_SECONDS: Final = 3600
PAUSES_SECONDS: Final = (
    5,
    5 * 60,
    30 * 60,
    2 * _HOUR_SECONDS,
    5 * _HOUR_SECONDS,
    7 * _HOUR_SECONDS,
    10 * _HOUR_SECONDS,
)
"""Before each further attempt, a day in all; then the delivery is given up."""
WAIT_US_MAX: Final = 13 * _HOUR_SECONDS * _SECOND_US
"""Longer than any of these: what is due later than that was written by a wrong clock."""
FAILING_US: Final = 5 * 86_400 * _SECOND_US
"""An endpoint that nothing got through to for so long is disabled."""
GONE: Final = 410
"""The status by which a receiver asks to be sent nothing more."""
SPREAD_BYTES: Final = 2


def told_secret(raw: bytes) -> str:
    """A signing secret as its owner is shown it."""
    return SECRET_PREFIX + base64.b64encode(raw).decode("ascii")


def signed_headers(
    secrets: Iterable[bytes], id: str, at_us: int, body: bytes
) -> dict[str, str]:
    """The headers that tell a receiver that `body` is ours, and how old.

    Each secret signs: during a rotation a receiver may hold either.
    """
    seconds = str(at_us // _SECOND_US)
    signed = f"{id}.{seconds}.".encode() + body
    signatures = (hmac.digest(secret, signed, "sha256") for secret in secrets)
    told = (f"v1,{base64.b64encode(one).decode('ascii')}" for one in signatures)
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(told),
    }


def pause_us(attempts: int, spread: bytes) -> int | None:
    """The time until the next attempt after that many; None where it was the last.

    `spread` is SPREAD_BYTES random bytes: up to a fifth comes on top, so that
    what failed together does not come back together.
    """
    if attempts > len(PAUSES_SECONDS):
        return None
    pause = PAUSES_SECONDS[attempts - 1] * _SECOND_US
    return pause + pause * int.from_bytes(spread, "big") // (5 << (8 * SPREAD_BYTES))


def sealing_context(webhook_id: str) -> bytes:
    """What a sealed secret is bound to: it opens as this endpoint's alone."""
    return f"webhook/{webhook_id}".encode()


def told_url(url: str) -> str:
    """An address as audit and mails tell it: what is behind the host may be secret."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0]
    return f"{scheme}://{host}/…"

"""For who receives webhooks: whether one is from Keyhouse, and fresh."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

TOLERANCE_SECONDS: Final = 300
"""How old, or how far ahead, a webhook may be: clocks differ, repeats of others end."""
_PREFIX: Final = "whsec_"
_NAMES: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_SIGNATURES_MAX: Final = 16
_KEY_BYTES_MIN: Final = 24
"""As Standard Webhooks has it."""


class ForgedWebhook(ValueError):
    """A request that must not be believed; answer it with 400."""


def verify_webhook(
    secret: str,
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance_seconds: int = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """The event in a request, as `{"type", "timestamp", "data"}`.

    `secret` is `whsec_…`, as creating the webhook or rotating its secret told
    it; `body` the request's body as it came, before anything parsed it. Raises
    ForgedWebhook where the signature (Standard Webhooks, `v1`) is not of that
    secret, and where it was made more than `tolerance_seconds` away from `now`
    (seconds since 1970; this machine's clock); ValueError where the secret is
    none. The same event may come twice: `headers["webhook-id"]` tells.
    """
    raw = body.encode() if isinstance(body, str) else body
    id, stamp, signatures = _given(headers)
    _demand_fresh(stamp, tolerance_seconds, time.time() if now is None else now)
    signed = f"{id}.{stamp}.".encode() + raw
    expected = hmac.digest(_key(secret), signed, "sha256")
    # All are compared: how long it takes tells nothing of which one fits.
    fits = [hmac.compare_digest(expected, one) for one in _of_v1(signatures)]
    if not any(fits):
        raise ForgedWebhook("no signature of it was made with this secret")
    return _event(raw)


def _given(headers: Mapping[str, str]) -> tuple[str, str, str]:
    found = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in _NAMES if not found.get(name)]
    if missing:
        raise ForgedWebhook(f"it has no {missing[0]}")
    id, stamp, signatures = (found[name] for name in _NAMES)
    return id, stamp, signatures


def _demand_fresh(stamp: str, tolerance_seconds: int, now: float) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise ForgedWebhook("its webhook-timestamp is no number of seconds")
    if abs(now - int(stamp)) > tolerance_seconds:
        raise ForgedWebhook("it is too old, or of a time to come: compare the clocks")


def _key(secret: str) -> bytes:
    try:
        told = secret.strip().removeprefix(_PREFIX).rstrip("=")
        key = base64.b64decode(told + "=" * (-len(told) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    # Whoever forgot to set it must not believe what is signed with nothing.
    if len(key) < _KEY_BYTES_MIN:
        raise ValueError("the secret is not one of a webhook: whsec_…")
    return key


def _of_v1(signatures: str) -> Iterator[bytes]:
    for one in signatures.split()[:_SIGNATURES_MAX]:
        version, _, told = one.partition(",")
        try:
            raw = base64.b64decode(told, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1":
            yield raw


def _event(raw: bytes) -> dict[str, Any]:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        raise ForgedWebhook("its body is no JSON") from None
    if not isinstance(event, dict):
        raise ForgedWebhook("its body is no event")
    return event

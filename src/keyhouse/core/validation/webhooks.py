"""Checks of an endpoint for webhooks."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from keyhouse.core.events import ALL, CHOOSABLE
from keyhouse.core.validation.addressing import (
    allowed_by,
    is_host,
    is_loopback_host,
    is_private_host,
)
from keyhouse.core.validation.problem import Problem, check_items

_URL_LENGTH_MAX = 2048


def check_webhook_url(field: str, url: str, *, private: bool) -> list[Problem]:
    """Where events are sent to: by TLS, or in the clear to this machine itself.

    Without `private` no address that is private as it stands; where a name
    leads is for the sender to see, each time that it connects.
    """
    mend = "write it as https://example.com/hooks"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return [Problem(field, "is no address", mend)]
    if len(url) > _URL_LENGTH_MAX:
        return [Problem(field, "is too long", f"use up to {_URL_LENGTH_MAX}")]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return [Problem(field, "is no address", mend)]
    if parts.scheme not in ("http", "https") or not is_host(host) or port == 0:
        return [Problem(field, "is no address", mend)]
    if "@" in parts.netloc:
        return [Problem(field, "names a user", "leave user and password out")]
    if "#" in url:
        return [Problem(field, "has a fragment", "leave out what is behind the #")]
    if not private and is_private_host(host):
        mend = allowed_by("webhooks.private")
        return [Problem(field, "is a private address", mend)]
    if parts.scheme == "http" and not is_loopback_host(host):
        return [Problem(field, "is not encrypted", "write it with https://")]
    return []


def check_event_kinds(field: str, kinds: Sequence[str]) -> list[Problem]:
    """What an endpoint is sent: kinds, or `*` alone."""
    mend = "name kinds of events, or * for all"
    if not kinds:
        return [Problem(field, "is empty", mend)]
    if ALL in kinds:
        if len(kinds) > 1:
            return [Problem(field, "names kinds beside *", "leave the others out")]
        return []

    def check(place: str, kind: str) -> list[Problem]:
        if kind in CHOOSABLE:
            return []
        return [Problem(place, "is no kind of event", "see the list of events")]

    return check_items(field, kinds, check)

"""What was done, answered and noticed."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who did what: written in the transaction that did it, never changed.

    `before` and `after` hold the changed fields only, never a secret.
    `actor` is the id of a management key or person, or `operator` for a
    command on the machine itself.
    """

    id: str
    at: int
    organization_id: str
    provider_id: str
    consumer_id: str
    actor: str
    action: str
    subject: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    """The remembered answer to a POST. `id` is `{organization}/{actor}/{key}`.

    `fingerprint` is a hash of method, path and body; `answer` is the answer
    without its secret.
    """

    id: str
    organization_id: str
    fingerprint: str
    status: int
    answer: dict[str, Any]
    created_at: int


class AlertKind(StrEnum):
    """What calls for a person."""

    SERVER_KEY_IN_BROWSER = "server_key_in_browser"
    SECRET_OVER_PLAIN_HTTP = "secret_over_plain_http"  # noqa: S105 - names no secret
    USAGE_SPIKE = "usage_spike"
    UNFAMILIAR_NETWORK = "unfamiliar_network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What calls for a person, of one key: one row a key, kind and day (UTC).

    A good secret that was seen where it must not be, with a page's origin or the
    caller's network as `sample`; a spike, with what it came to, which `count` counts
    by the quarter of an hour; or networks that the key never came from before, with
    the newest. `provider_id` is the organization of the API
    that was called first, '' where none was, or of a spike several were.
    `announced_at` is when webhooks were told of it.
    """

    id: str
    organization_id: str
    provider_id: str
    key_id: str
    kind: AlertKind
    first_at: int
    last_at: int
    count: int
    sample: str
    announced_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNetwork:
    """A network, /24 or /48, that calls with a key were let through from.

    `judged_at` is when a worker saw whether it is familiar.
    """

    id: str
    key_id: str
    network: str
    first_at: int
    last_at: int
    judged_at: int | None = None

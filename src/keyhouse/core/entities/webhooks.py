"""Who is told of what happens, and what became of telling them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class DisabledBecause(StrEnum):
    """Why an endpoint is sent nothing."""

    SWITCHED_OFF = "switched_off"
    FAILING = "failing"
    GONE = "gone"


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class MarkLevel(StrEnum):
    """How far a budget is used up."""

    NEAR = "near"
    REACHED = "reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint of an organization that is sent events.

    `events` are kinds of `core.events`, or `*` for all; with a `project_id` it
    is sent only what happens in that project. The signing secret is kept
    sealed; `old_sealed` signs as well until `old_ends_at`. Nothing got through
    since `failing_since`.
    """

    id: str
    organization_id: str
    project_id: str | None = None
    name: str
    url: str
    events: tuple[str, ...]
    sealing_key_id: str
    sealed: bytes = field(repr=False)
    old_sealing_key_id: str | None = None
    old_sealed: bytes | None = field(default=None, repr=False)
    old_ends_at: int | None = None
    disabled_at: int | None = None
    disabled_because: DisabledBecause | None = None
    failing_since: int | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What an organization is told of. `data` never holds a secret."""

    id: str
    organization_id: str
    kind: str
    at: int
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one endpoint.

    It is due at `next_at` while it is pending. `status`, `error` and `answer`
    (its first bytes) are those of the last attempt, which was at `last_at`.
    """

    id: str
    organization_id: str
    webhook_id: str
    event_id: str
    kind: str
    at: int
    state: DeliveryState
    attempts: int = 0
    next_at: int | None = None
    last_at: int | None = None
    status: int | None = None
    error: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetMark:
    """A budget has come near its end, or to it, and nobody was told yet.

    The fields between `level` and `amount` are those of the budget.
    """

    id: str
    at: int
    level: MarkLevel
    provider_id: str
    subject_kind: str
    subject_id: str
    environment: str
    limit_name: str
    window_start: int
    window_end: int
    amount: int
    used: int

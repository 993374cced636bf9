"""When secrets are to be replaced, what a rotation replaced, and who was told."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationSchedule:
    """How often a key is to get a new secret; kept as JSON in its owner.

    `overlap_seconds` is the overlap of a rotation that names none, None where
    such a rotation has to name one.
    """

    every_days: int
    overlap_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What a rotation found of a secret that it replaced: see `SecretRow`."""

    secret_id: str
    ends_at: int | None = None
    replaced_at: int | None = None
    waits_for: int | None = None
    overlap_seconds: int | None = None


class ReminderKind(StrEnum):
    """What somebody is reminded of."""

    ROTATION = "rotation"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The last reminder that went out about a key. `id` is `{key}/{kind}`.

    It was about what is due `due_at`, and was the one for `days` days before.
    """

    id: str
    organization_id: str
    key_id: str
    kind: ReminderKind
    due_at: int
    days: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """An address at which a calendar program reads what is due. The address'

    token is not kept. It is good while whoever made it may read keys.
    """

    id: str
    organization_id: str
    name: str
    digest: bytes = field(repr=False)
    created_by: str
    created_at: int

"""A key as it is told: its row, with what hangs on it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from keyhouse.core.entities import (
    Access,
    Api,
    Key,
    Resource,
    SecretRow,
)
from keyhouse.core.rotation import due_us, hint_of, newest_of
from keyhouse.ports import KeyState, Transaction
from keyhouse.services.issue.schedules import Scheduled, schedules_of

RESTORE_DAYS: Final = 30
"""For how long a deleted key can be brought back; then it is removed for good."""
RESTORE_US: Final = RESTORE_DAYS * 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key with its access, the slugs of the APIs there, and its hint.

    `hint` is that of the newest secret that is not over, as long as there is one.
    `due_at` is when its secret is to be replaced, None where no schedule says so;
    `newest_at` is the start of the newest secret that is not over; `scheduled` is
    the schedule that holds.
    """

    key: Key
    state: KeyState
    access: tuple[Access, ...]
    slugs: Mapping[str, str]
    hint: str
    last_used_at: int | None
    due_at: int | None = None
    newest_at: int | None = None
    scheduled: Scheduled | None = None

    @property
    def restorable_until(self) -> int | None:
        """Until when a deleted key can be brought back."""
        deleted = self.key.deleted_at
        return None if deleted is None else deleted + RESTORE_US


class SecretState(StrEnum):
    """What a secret is now, whatever its key may be."""

    REVOKED = "revoked"
    ENDED = "ended"
    NOT_YET_VALID = "not_yet_valid"
    ENDING = "ending"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class SecretView:
    """A secret of a key: `ending` is one that works yet, up to `until`."""

    secret: SecretRow
    state: SecretState
    last_used_at: int | None

    @property
    def until(self) -> int | None:
        """When it ended or will end, None for one that has no end."""
        ends = (self.secret.ends_at, self.secret.revoked_at)
        return min((end for end in ends if end is not None), default=None)


def secret_state(secret: SecretRow, now_us: int) -> SecretState:
    """The state of a secret at `now_us`."""
    if secret.revoked_at is not None:
        return SecretState.REVOKED
    if secret.ends_at is not None and now_us >= secret.ends_at:
        return SecretState.ENDED
    if now_us < secret.starts_at:
        return SecretState.NOT_YET_VALID
    return SecretState.ACTIVE if secret.ends_at is None else SecretState.ENDING


def state_of(key: Key, now_us: int) -> KeyState:
    """The state of a key at `now_us`, whatever its application's may be."""
    if key.deleted_at is not None:
        return KeyState.DELETED
    if key.revoked_at is not None:
        return KeyState.REVOKED
    if key.disabled_at is not None:
        return KeyState.DISABLED
    if key.starts_at is not None and now_us < key.starts_at:
        return KeyState.NOT_YET_VALID
    if key.ends_at is not None and now_us >= key.ends_at:
        return KeyState.EXPIRED
    return KeyState.ACTIVE


def views_of(
    tx: Transaction, keys: Sequence[Key], now_us: int, last_used: Mapping[str, int]
) -> list[KeyView]:
    """The views of a page of keys, in as many reads however many there are."""
    ids = tuple(key.id for key in keys)
    rows: dict[str, list[Access]] = defaultdict(list)
    for row in tx.find(Access, key_id=ids):
        rows[row.key_id].append(row)
    named = {
        row.resource_id
        for own in rows.values()
        for row in own
        if row.resource is Resource.API
    }
    slugs = {api.id: api.slug for api in tx.find(Api, id=tuple(named))}
    secrets: dict[str, list[SecretRow]] = defaultdict(list)
    for secret in tx.find(SecretRow, key_id=ids):
        secrets[secret.key_id].append(secret)
    schedules = schedules_of(tx, keys, rows)
    return [
        _view(
            key,
            now_us,
            tuple(rows[key.id]),
            slugs,
            secrets[key.id],
            schedules.get(key.id),
            last_used.get(key.id),
        )
        for key in keys
    ]


def _view(
    key: Key,
    now_us: int,
    access: tuple[Access, ...],
    slugs: Mapping[str, str],
    secrets: list[SecretRow],
    scheduled: Scheduled | None,
    last_used_at: int | None,
) -> KeyView:
    newest = newest_of(secrets, now_us)
    return KeyView(
        key=key,
        state=state_of(key, now_us),
        access=access,
        slugs=slugs,
        hint=hint_of(secrets, now_us),
        last_used_at=last_used_at,
        due_at=due_us(scheduled.schedule if scheduled else None, newest),
        newest_at=None if newest is None else newest.starts_at,
        scheduled=scheduled,
    )

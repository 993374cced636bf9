"""A key as it is told: its row, with what hangs on it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keyhouse.core.entities import Access, Api, Key, Resource, SecretRow
from keyhouse.ports import Transaction


class KeyState(StrEnum):
    """What a key is now; the first that is true, in the order of the decision."""

    DELETED = "deleted"
    REVOKED = "revoked"
    DISABLED = "disabled"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key with its access, the slugs of the APIs there, and its newest hint."""

    key: Key
    state: KeyState
    access: tuple[Access, ...]
    slugs: Mapping[str, str]
    hint: str
    last_used_at: int | None


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
    """The views of a page of keys, in three reads however many there are."""
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
    newest: dict[str, SecretRow] = {}
    for secret in tx.find(SecretRow, key_id=ids):
        held = newest.get(secret.key_id)
        if held is None or held.version < secret.version:
            newest[secret.key_id] = secret
    return [
        KeyView(
            key,
            state_of(key, now_us),
            tuple(rows[key.id]),
            slugs,
            newest[key.id].hint if key.id in newest else "",
            last_used.get(key.id),
        )
        for key in keys
    ]

"""Lists of keys, of which there may be millions."""

from enum import StrEnum
from typing import NamedTuple

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.key_words import Sought


class KeyState(StrEnum):
    """What a key is now; the first that is true, in the order of the decision."""

    DELETED = "deleted"
    REVOKED = "revoked"
    DISABLED = "disabled"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    ACTIVE = "active"


class KeyReach(NamedTuple):
    """The keys in these projects, but management keys; and those of which all that

    they open is one of `resource_ids`.
    """

    project_ids: tuple[str, ...]
    resource_ids: tuple[str, ...]


class KeyTally(NamedTuple):
    """The keys of an application that were counted: how many work now, and when one of

    them was last used. `are_all` is False where it has more keys than were looked at.
    """

    active: int = 0
    last_used_at: int | None = None
    are_all: bool = True


class KeysWanted(NamedTuple):
    """Which keys of an organization are wanted; all that is given must hold.

    `reach` None is the whole organization. A `customer_ids` that is empty fits
    no key; None asks for none. Of `used_since_us` and `unused_since_us` each
    speaks of the newest use of any secret, and a key that was never used is
    unused since ever. Without a `state`, deleted keys fit only `with_deleted`.
    """

    organization_id: str
    now_us: int
    reach: KeyReach | None = None
    project_id: str | None = None
    application_id: str | None = None
    api_id: str | None = None
    environment: Environment | None = None
    kind: KeyKind | None = None
    state: KeyState | None = None
    with_deleted: bool = False
    owner_id: str | None = None
    customer_ids: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    words: tuple[Sought, ...] = ()
    created_since_us: int | None = None
    used_since_us: int | None = None
    unused_since_us: int | None = None
    never_used: bool = False
    but_id: str | None = None
    only_id: str | None = None
    import_id: str | None = None
    but_import_ids: tuple[str, ...] = ()

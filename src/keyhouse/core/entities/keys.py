"""Keys, what they open, and what is kept of their secrets."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from keyhouse.core.entities.limits import Limit
from keyhouse.core.entities.rotation import Replaced, RotationSchedule
from keyhouse.core.entities.tenants import Environment


class KeyKind(StrEnum):
    """What a key is for. Its two letters stand in the secret."""

    SERVER = "server"
    PUBLISHABLE = "publishable"
    MANAGEMENT = "management"


class Resource(StrEnum):
    """What a row of a key's access names."""

    API = "api"
    PROJECT = "project"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """Where a key may be used; kept as JSON in the key. Empty means anywhere.

    All kinds that are present must hold, and any one entry of a kind is
    enough. A denied network wins over an allowed one. `endpoints` are
    `METHOD /pattern` below the API's root, `*` for any method; `apps` are
    `android:package:SHA-1` or `ios:bundle` (see `core.apps`).
    """

    networks_allowed: tuple[str, ...] = ()
    networks_denied: tuple[str, ...] = ()
    referrers: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A stable id owned by an application. Opens nothing but its `Access` rows.

    `rotation` says when its secret is to be replaced, None where the
    application's does. `owner_id` is the person who answers for it, '' where
    nobody was named; they may have left since. One that an import brought is
    there for nobody before that import is done.
    """

    id: str
    organization_id: str
    project_id: str
    application_id: str
    name: str
    kind: KeyKind
    environment: Environment | None
    restrictions: Restrictions = Restrictions()
    limits: tuple[Limit, ...] = ()
    starts_at: int | None = None
    ends_at: int | None = None
    disabled_at: int | None = None
    revoked_at: int | None = None
    deleted_at: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    created_by: str
    created_at: int
    updated_at: int
    owner_id: str = ""
    purpose: str = ""
    tags: tuple[str, ...] = ()
    rotation: RotationSchedule | None = None
    import_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a key opens. `id` is `{key}/{resource_id}`.

    Server and publishable keys name APIs; a management key may also name a
    project or the whole organization. `provider_id` is the organization of
    what is named; `subscription_id` is the grant where that is a foreign one.
    `roles` are names of the API's own; what they stand for is the API's to say.
    """

    id: str
    key_id: str
    resource: Resource
    resource_id: str
    provider_id: str
    subscription_id: str | None = None
    scopes: tuple[str, ...] = ()
    created_at: int
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """What is kept of a string that callers send: a keyed hash and a hint.

    `namespace` is '' for minted secrets and the project's id for imported
    ones. (namespace, algorithm, pepper_id, digest) is unique. `pepper_id` is
    '' for the unsalted hashes that imported ones may be kept as at first.

    `replaced_at` is when a newer one took its place. One that `waits_for` a
    version goes on until a secret of that version or a newer one is first
    used, and `overlap_seconds` from then on. `replaces` is what the rotation
    that made it found, so that it can be rolled back.
    """

    id: str
    key_id: str
    version: int
    namespace: str
    algorithm: str
    pepper_id: str
    digest: bytes = field(repr=False)
    hint: str
    starts_at: int
    ends_at: int | None = None
    revoked_at: int | None = None
    created_by: str
    created_at: int
    replaced_at: int | None = None
    waits_for: int | None = None
    overlap_seconds: int | None = None
    replaces: tuple[Replaced, ...] = ()

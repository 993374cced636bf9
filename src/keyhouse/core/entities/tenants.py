"""Whose everything is: organizations, projects and the applications in them."""

from dataclasses import dataclass, field
from enum import StrEnum

from keyhouse.core.entities.limits import Limit
from keyhouse.core.entities.rotation import RotationSchedule


class Environment(StrEnum):
    """Which of an API's two worlds a server or publishable key belongs to."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The tenant. `limits` are shared by all of its keys, for each provider apart."""

    id: str
    name: str
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedStrings:
    """What strings of other systems the callers of a project may send.

    `algorithms` are the unsalted hashes that some may still be kept as;
    lengths are in bytes.
    """

    algorithms: tuple[str, ...]
    length_min: int
    length_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """An organization's unit of work. `imported` is None while it holds no keys of

    other systems.
    """

    id: str
    organization_id: str
    name: str
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    imported: ImportedStrings | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The program that calls. `external_id` is the provider's own name for it.

    `limits` are shared by all of its keys, for each provider apart; `rotation`
    is for those of its keys that have none of their own. `import_id` is the
    import that made it, if one did.
    """

    id: str
    organization_id: str
    project_id: str
    name: str
    external_id: str | None = None
    purpose: str = ""
    disabled_at: int | None = None
    created_at: int
    updated_at: int
    limits: tuple[Limit, ...] = ()
    rotation: RotationSchedule | None = None
    import_id: str | None = None

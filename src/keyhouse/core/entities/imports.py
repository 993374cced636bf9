"""Keys that come from other systems, and what nodes tell workers of them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from keyhouse.core.entities.tenants import Environment, ImportedStrings


class ImportFormat(StrEnum):
    """How the file is written: AWS API Gateway's CSV, our own CSV, or JSON."""

    AWS = "aws"
    CSV = "csv"
    JSON = "json"


class ImportState(StrEnum):
    """Keys of an import that is not `done` are seen by nobody.

    One that will not be done is `undoing` until the worker has removed all
    that it wrote, and then `undone`.
    """

    OPEN = "open"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


UNFINISHED_IMPORTS: Final = (ImportState.OPEN, ImportState.UNDOING)
"""The states of an import that is not over: its keys are there for nobody yet."""


class ImportMode(StrEnum):
    """Rows with faults are left out (`lenient`), or undo it all (`strict`). A dry run

    does all of it, and is then undone.
    """

    LENIENT = "lenient"
    STRICT = "strict"
    DRY_RUN = "dry_run"


class ImportEffect(StrEnum):
    """What came of a row with a fault: no key, or one without what is at fault."""

    SKIPPED = "skipped"
    LESSENED = "lessened"


class ImportEnd(StrEnum):
    """Why an import was undone."""

    WARNINGS = "warnings"
    DRY_RUN = "dry_run"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccess:
    """What keys of an import open unless their rows say else."""

    api: str
    scopes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProblem:
    """What is wrong with a line of the file."""

    line: int
    field: str
    reason: str
    mend: str
    effect: ImportEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyImport:
    """An import. It comes in parts; `parts` of them are in, with `rows` in them.

    `lessened` rows became keys, but something of them was left behind; they
    are among the `imported`. The first problems are kept, all are counted.
    `strings` are what its keys add to the project's, None before the first.
    """

    id: str
    organization_id: str
    project_id: str
    state: ImportState
    format: ImportFormat
    environment: Environment
    application_id: str | None
    access: tuple[ImportAccess, ...]
    mode: ImportMode
    parts: int
    rows: int
    imported: int
    skipped: int
    lessened: int
    problems: tuple[ImportProblem, ...]
    problems_count: int
    strings: ImportedStrings | None
    ended: ImportEnd | None
    created_by: str
    created_at: int
    updated_at: int
    finished_at: int | None


class SignalKind(StrEnum):
    """What a node has to tell."""

    REHASH = "rehash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a node saw and a worker is to write down. `id` is `{kind}/{subject}`,

    so that however many nodes see it, it is told once.

    `rehash`: the string of a secret that is kept as an unsalted hash came,
    and this is its keyed hash.
    """

    id: str
    kind: SignalKind
    secret_id: str
    pepper_id: str
    digest: bytes = field(repr=False)
    at: int

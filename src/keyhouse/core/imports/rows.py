"""A row, read and checked as far as that goes without the database."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from keyhouse.core.entities import (
    Environment,
    ImportAccess,
    ImportEffect,
    ImportFormat,
    ImportProblem,
    Limit,
)
from keyhouse.core.imported import UNSALTED, fault_of_string, read_hash
from keyhouse.core.imports.files import COLUMNS, RawRow
from keyhouse.core.imports.notation import (
    ACCESS_FORM,
    LIMITS_FORM,
    read_access,
    read_limits,
)
from keyhouse.core.imports.objects import access_of, limits_of
from keyhouse.core.moments import parse_time
from keyhouse.core.validation import (
    NAME_LENGTH_MAX,
    KnowsZone,
    Problem,
    check_limits,
    check_metadata,
    check_name,
    check_text,
    check_times,
)

EXTERNAL_ID_LENGTH_MAX: Final = 255
DEFAULT_ALGORITHM: Final = "sha256"
_PLANS: Final = "usageplanids"
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A key to be. Its `string` is known, or else its `digest` by `algorithm`.

    None is what the row does not say. `faults` are no reason to leave it out.
    """

    line: int
    name: str
    string: str | None = field(repr=False)
    algorithm: str
    digest: bytes | None = field(repr=False)
    application: str | None
    external_id: str | None
    environment: Environment | None
    access: tuple[ImportAccess, ...] | None
    enabled: bool
    ends_at: int | None
    limits: tuple[Limit, ...]
    metadata: dict[str, Any]
    faults: tuple[ImportProblem, ...] = ()


def read_row(
    form: ImportFormat, raw: RawRow, knows_zone: KnowsZone
) -> ImportRow | list[ImportProblem]:
    """The row, or why it cannot become a key."""
    if raw.fault is not None:
        return [told(raw.line, raw.fault, ImportEffect.SKIPPED)]
    reading = _Reading(raw)
    made = _aws(reading) if form is ImportFormat.AWS else _own(reading, knows_zone)
    if reading.problems:
        skipped = ImportEffect.SKIPPED
        return [told(raw.line, problem, skipped) for problem in reading.problems]
    return made


def told(line: int, problem: Problem, effect: ImportEffect) -> ImportProblem:
    """A problem with its line, as an import keeps it."""
    return ImportProblem(
        line=line,
        field=problem.field,
        reason=problem.reason,
        mend=problem.mend,
        effect=effect,
    )


class _Reading:
    """A row's values, taken one by one, and what was wrong with them."""

    def __init__(self, raw: RawRow) -> None:
        self.line = raw.line
        self.problems: list[Problem] = []
        self._values = {
            name: value for name, value in raw.values.items() if value not in (None, "")
        }

    def fault(self, name: str, reason: str, mend: str) -> None:
        self.problems.append(Problem(name, reason, mend))

    def names(self) -> set[str]:
        return set(self._values)

    def value(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """A text; a number in JSON is none."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        self.fault(name, "is no text", "write it as a text")
        return None

    def flag(self, name: str) -> bool:
        """True or false, true where it is not told."""
        value = self._values.get(name, True)
        if isinstance(value, str):
            value = _FLAGS.get(value.lower())
        if isinstance(value, bool):
            return value
        self.fault(name, "is neither true nor false", "write true or false")
        return True

    def read(self, name: str, read: Callable[[str], Any], mend: str) -> Any:  # noqa: ANN401
        """What `read` makes of a text; it raises ValueError for what it cannot read."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return read(text)
        except (ValueError, RecursionError):
            self.fault(name, "cannot be read", mend)
            return None


def _aws(reading: _Reading) -> ImportRow:
    """A row as AWS API Gateway takes it."""
    name, faults = _shortened(reading, reading.text("name") or "")
    string = _string(reading, "key")
    metadata: dict[str, Any] = {}
    description, plans = reading.text("description"), reading.text(_PLANS)
    if description is not None:
        metadata["description"] = description
    if plans is not None:
        metadata["usage_plan_ids"] = [one.strip() for one in plans.split(",")]
        mend = "they stand in its metadata; give the key or its API limits"
        lost = Problem("usagePlanIds", "are not taken over", mend)
        faults.append(told(reading.line, lost, ImportEffect.LESSENED))
    reading.problems += [*check_name("name", name), *check_metadata("metadata", metadata)]
    return ImportRow(
        line=reading.line,
        name=name,
        string=string,
        algorithm="",
        digest=None,
        application=None,
        external_id=None,
        environment=None,
        access=None,
        enabled=reading.flag("enabled"),
        ends_at=None,
        limits=(),
        metadata=metadata,
        faults=tuple(faults),
    )


def _shortened(reading: _Reading, name: str) -> tuple[str, list[ImportProblem]]:
    """A name as long as ours may be: AWS takes longer ones."""
    if len(name) <= NAME_LENGTH_MAX:
        return name, []
    mend = "choose another name if that one is not clear"
    reason = f"is shortened to {NAME_LENGTH_MAX} characters"
    fault = told(reading.line, Problem("name", reason, mend), ImportEffect.LESSENED)
    return name[:NAME_LENGTH_MAX].strip(), [fault]


def _own(reading: _Reading, knows_zone: KnowsZone) -> ImportRow:
    """A row of our own CSV or JSON."""
    if reading.names() - set(COLUMNS):
        # Not by their names: whoever has columns and rows confused has secrets there.
        reading.fault("row", "has a field that is not known", f"use {', '.join(COLUMNS)}")
    string, algorithm, digest = _secret(reading)
    limits = _listed(reading, "limits", read_limits, limits_of, LIMITS_FORM)
    row = ImportRow(
        line=reading.line,
        name=reading.text("name") or "",
        string=string,
        algorithm=algorithm,
        digest=digest,
        application=reading.text("application"),
        external_id=reading.text("external_id"),
        environment=reading.read("environment", _environment, "write live or test"),
        access=_listed(reading, "access", read_access, access_of, ACCESS_FORM),
        enabled=reading.flag("enabled"),
        ends_at=reading.read("ends_at", parse_time, "write it as 2030-01-01T00:00:00Z"),
        limits=() if limits is None else limits,
        metadata=_metadata(reading),
    )
    if not any(problem.field == "name" for problem in reading.problems):
        reading.problems += check_name("name", row.name)
    reading.problems += [
        *check_times("starts_at", None, "ends_at", row.ends_at),
        *check_limits("limits", row.limits, knows_zone),
        *check_metadata("metadata", row.metadata),
    ]
    if row.application is not None:
        reading.problems += check_name("application", row.application)
    if row.external_id is not None:
        length = EXTERNAL_ID_LENGTH_MAX
        reading.problems += check_text("external_id", row.external_id, length)
    return row


def _environment(text: str) -> Environment:
    return Environment(text.lower())


def _string(reading: _Reading, name: str) -> str | None:
    text = reading.text(name)
    if text is None:
        reading.fault(name, "is missing", "give the string that callers send")
        return None
    fault = fault_of_string(text)
    if fault is not None:
        reading.fault(name, *fault)
    return text


def _secret(reading: _Reading) -> tuple[str | None, str, bytes | None]:
    """The string, or the hash's algorithm and bytes."""
    if reading.value("hash") is None:
        if reading.value("algorithm") is not None:
            mend = "give a hash too, or leave the algorithm out"
            reading.fault("algorithm", "is given without a hash", mend)
        return _string(reading, "secret"), "", None
    if reading.value("secret") is not None:
        reading.fault("hash", "is given beside the secret", "leave one of them out")
        return None, "", None
    algorithm = (reading.text("algorithm") or DEFAULT_ALGORITHM).lower().replace("-", "")
    if algorithm not in UNSALTED:
        reading.fault("algorithm", "is not known", f"choose among {', '.join(UNSALTED)}")
        return None, "", None
    digest = read_hash(reading.text("hash") or "", algorithm)
    if digest is None:
        reading.fault("hash", f"is no {algorithm}", "write it in hex or base64")
    return None, algorithm, digest


def _listed(
    reading: _Reading,
    name: str,
    read: Callable[[str], Any],
    make: Callable[[list[object]], Any],
    form: str,
) -> Any:  # noqa: ANN401 - what `read` and `make` give
    """A list, as text or as JSON has it."""
    value = reading.value(name)
    if not isinstance(value, list):
        return reading.read(name, read, f"write {form}")
    try:
        return make(value)
    except (ValueError, TypeError, KeyError):
        reading.fault(name, "cannot be read", "write it as POST /v1/keys takes it")
        return None


def _metadata(reading: _Reading) -> dict[str, Any]:
    value = reading.value("metadata")
    if isinstance(value, str):
        value = reading.read("metadata", json.loads, "write a JSON object")
        if value is None:
            return {}
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        reading.fault("metadata", "is no object", "write a JSON object")
        return {}
    return dict(value)

"""A part of an import: its rows, checked and written in one short transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keyhouse.core.entities import (
    ImportedStrings,
    ImportFormat,
    ImportProblem,
    ImportState,
    KeyImport,
)
from keyhouse.core.imported import LENGTH_MAX, LENGTH_MIN, merged
from keyhouse.core.imports import ImportRow, Unreadable, read_row, rows_of_part
from keyhouse.core.validation import KnowsZone, Problem
from keyhouse.services.imports.queries import WRITE, reached_import
from keyhouse.services.imports.writing import Writing
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Work

PROBLEMS_KEPT: Final = 100
"""As many as a person reads; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part, read: the rows that can become keys, and what is wrong with others."""

    number: int
    rows: tuple[ImportRow, ...]
    skipped: int
    problems: tuple[ImportProblem, ...]


def read_part(
    form: ImportFormat, number: int, text: str, line: int | None, knows_zone: KnowsZone
) -> Part:
    """Read a part, outside of any transaction. Raises Invalid where it cannot be read."""
    try:
        raw_rows = rows_of_part(form, text, line)
    except Unreadable as fault:
        problem = Problem("text", f"line {fault.line} {fault.reason}", fault.mend)
        raise Invalid([problem]) from None
    rows: list[ImportRow] = []
    problems: list[ImportProblem] = []
    for raw in raw_rows:
        row = read_row(form, raw, knows_zone)
        if isinstance(row, ImportRow):
            rows.append(row)
            problems += row.faults
        else:
            problems += row
    return Part(number, tuple(rows), len(raw_rows) - len(rows), tuple(problems))


def add_part(work: Work, id: str, part: Part) -> KeyImport:
    """Write the keys of the next part; one that is in already changes nothing.

    Raises Taken for one that is not the next, and where the import is over.
    """
    row = reached_import(work, WRITE, id)
    if row.state is not ImportState.OPEN:
        raise Taken("state", f"the import is {row.state.value}", "begin another one")
    if part.number <= row.parts:
        return row
    if part.number != row.parts + 1:
        mend = f"send part {row.parts + 1}"
        raise Taken("part", f"only {row.parts} parts are in", mend)
    written, refused = Writing(work, row).write(part.rows)
    problems = sorted((*part.problems, *refused), key=lambda one: one.line)
    room = PROBLEMS_KEPT - len(row.problems)
    return work.tx.update(
        row,
        parts=part.number,
        rows=row.rows + part.skipped + len(part.rows),
        imported=row.imported + len(written),
        skipped=row.skipped + part.skipped + len(part.rows) - len(written),
        lessened=row.lessened + sum(bool(one.faults) for one in written),
        problems=(*row.problems, *problems[:room]),
        problems_count=row.problems_count + len(problems),
        strings=_strings(row.strings, written),
        updated_at=work.now_us,
    )


def _strings(
    held: ImportedStrings | None, rows: Sequence[ImportRow]
) -> ImportedStrings | None:
    """What callers may send once these rows are keys, beside what was there."""
    if not rows:
        return held
    lengths = [LENGTH_MIN, LENGTH_MAX] if any(row.digest for row in rows) else []
    lengths += [len(row.string) for row in rows if row.string is not None]
    algorithms = tuple(sorted({row.algorithm for row in rows if row.digest}))
    return merged(
        held,
        ImportedStrings(
            algorithms=algorithms, length_min=min(lengths), length_max=max(lengths)
        ),
    )

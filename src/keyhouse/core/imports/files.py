"""From the text of a file to its rows, and to parts that can be sent one by one.

A part of a CSV file begins with the file's header again, so that each part is
a small file of its own. Lines are counted in the file as it is, from 1.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from keyhouse.core.entities import ImportFormat
from keyhouse.core.imports.csv_text import aws_cells, csv_records
from keyhouse.core.imports.json_text import json_records
from keyhouse.core.imports.text import ROW_CHARS_MAX, Record, Unreadable
from keyhouse.core.validation import Problem

PART_ROWS_MAX: Final = 500
"""Rows that are written in one transaction."""
PART_CHARS_MAX: Final = 250_000
"""At four bytes a character, or a backslash before each, a body has 1 MiB at most."""
_BOM: Final = "\ufeff"
_AWS_COLUMNS: Final = ("name", "key", "description", "enabled", "usageplanids")
_AWS_NEEDED: Final = ("name", "key")
COLUMNS: Final = (
    *("name", "secret", "hash", "algorithm", "application", "external_id"),
    *("environment", "access", "enabled", "ends_at", "limits", "metadata"),
)
"""What a row of our own CSV or JSON may hold."""

__all__ = [
    "COLUMNS",
    "PART_CHARS_MAX",
    "PART_ROWS_MAX",
    "ROW_CHARS_MAX",
    "FilePart",
    "RawRow",
    "Unreadable",
    "parts_of",
    "rows_of_part",
]


class RawRow(NamedTuple):
    """A row as it stands: texts by column, or what JSON holds. Empty cells are left out.

    `fault` is why it is none at all.
    """

    line: int
    values: Mapping[str, object]
    fault: Problem | None = None

    def __repr__(self) -> str:
        return f"RawRow(line={self.line})"


class FilePart(NamedTuple):
    """Some rows of a file. `line` is where the first of them begins."""

    line: int
    text: str
    rows: int

    def __repr__(self) -> str:
        return f"FilePart(line={self.line}, rows={self.rows})"


def parts_of(
    form: ImportFormat, lines: Iterable[str], rows_max: int = PART_ROWS_MAX
) -> Iterator[FilePart]:
    """The parts of a file, which is read as they are taken.

    Raises Unreadable where it is no such file, or not from there on.
    """
    records = _records(form, _without_bom(lines))
    header = ""
    if form is not ImportFormat.JSON:
        first = next(records, None)
        if first is None:
            return
        _columns(form, first)
        header = first.raw
    texts: list[str] = []
    line, size = 0, len(header)
    for record in records:
        if texts and (len(texts) >= rows_max or size + len(record.raw) > PART_CHARS_MAX):
            yield FilePart(line, header + "".join(texts), len(texts))
            texts, size = [], len(header)
        if not texts:
            line = record.begins
        texts.append(record.raw)
        size += len(record.raw)
    if texts:
        yield FilePart(line, header + "".join(texts), len(texts))


def rows_of_part(form: ImportFormat, text: str, line: int | None = None) -> list[RawRow]:
    """The rows of a part. `line` is where its rows begin in the file, None where the

    text is the whole of it.

    Raises Unreadable, also for one with more than PART_ROWS_MAX rows.
    """
    records = _records(form, _lines(text.removeprefix(_BOM)))
    columns: list[str] = []
    moved = 0 if line is None else line - 1
    if form is not ImportFormat.JSON:
        first = next(records, None)
        if first is None:
            raise Unreadable(1, "has no header", "name the columns in the first line")
        columns = _columns(form, first)
        moved = 0 if line is None else line - 1 - first.lines
    rows: list[RawRow] = []
    for record in records:
        if len(rows) >= PART_ROWS_MAX:
            reason = f"has more than {PART_ROWS_MAX} rows"
            raise Unreadable(record.line + moved, reason, "send it in parts")
        rows.append(_row(form, record, columns, record.line + moved))
    return rows


def _records(form: ImportFormat, lines: Iterable[str]) -> Iterator[Record]:
    if form is ImportFormat.JSON:
        return json_records(lines)
    return csv_records(lines)


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, as a file read with `newline=""` gives them."""
    return iter(io.StringIO(text, newline=""))


def _without_bom(lines: Iterable[str]) -> Iterator[str]:
    first = True
    for line in lines:
        yield line.removeprefix(_BOM) if first else line
        first = False


def _columns(form: ImportFormat, header: Record) -> list[str]:
    """The names of the columns, in lower case; '' for one that is passed over."""
    names = [name.strip().lower() for name in header.cells]
    known = _AWS_COLUMNS if form is ImportFormat.AWS else COLUMNS
    needed = _AWS_NEEDED if form is ImportFormat.AWS else ("name",)
    for number, name in enumerate(names, 1):
        if name not in known and form is not ImportFormat.AWS:
            mend = f"use {', '.join(COLUMNS)}; separate columns by commas"
            # Where the header is missing, this is somebody's secret: it is not told.
            raise Unreadable(header.line, f"has an unknown column, number {number}", mend)
        if name in known and names.count(name) > 1:
            raise Unreadable(header.line, f"has the column {name} twice", "leave one out")
    for name in needed:
        if name not in names:
            mend = "name the columns in the first line, separated by commas"
            raise Unreadable(header.line, f"has no column {name}", mend)
    return [name if name in known else "" for name in names]


def _row(form: ImportFormat, record: Record, columns: list[str], line: int) -> RawRow:
    if form is ImportFormat.JSON:
        return RawRow(line, record.values)
    cells = record.cells
    if form is ImportFormat.AWS:
        cells = aws_cells(cells)
    if len(cells) > len(columns):
        mend = "put a value with a comma in double quotes"
        return RawRow(line, {}, Problem("row", "has more cells than columns", mend))
    pairs = zip(columns, cells, strict=False)
    values = {name: cell.strip() for name, cell in pairs if name and cell.strip()}
    return RawRow(line, values)

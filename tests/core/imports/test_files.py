"""A file is read as it stands, whole or in parts, and whatever it holds does no harm."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import ImportFormat
from keyhouse.core.imports import (
    PART_CHARS_MAX,
    PART_ROWS_MAX,
    ROW_CHARS_MAX,
    Unreadable,
    parts_of,
    rows_of_part,
)
from keyhouse.core.imports.files import COLUMNS, RawRow

FORMATS = st.sampled_from(ImportFormat)
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS[:4], CELLS)), max_size=12)
BOM = "\ufeff"


def lines_of(text: str) -> list[str]:
    """A file's lines, as opening it without a newline mode gives them."""
    return list(io.StringIO(text, newline=""))


def in_parts(form: ImportFormat, text: str, rows_max: int) -> list[RawRow]:
    return [
        row
        for part in parts_of(form, lines_of(text), rows_max)
        for row in rows_of_part(form, part.text, part.line)
    ]


def read(
    form: ImportFormat, text: str, rows_max: int
) -> tuple[list[RawRow], Unreadable | None]:
    """The rows of a text, or what is wrong with it."""
    try:
        return in_parts(form, text, rows_max), None
    except Unreadable as fault:
        return [], fault


def csv_text(rows: Sequence[Mapping[str, str]], ending: str) -> str:
    text = io.StringIO(newline="")
    # All in quotes, for Python's own writer lets a lone carriage return go without.
    writer = csv.DictWriter(text, COLUMNS[:4], lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def told(rows: Sequence[RawRow]) -> list[tuple[int, Mapping[str, object]]]:
    return [(row.line, row.values) for row in rows]


@given(ROWS, st.sampled_from(("\n", "\r\n")), st.integers(1, 5), st.booleans())
def test_csv_is_read_as_it_was_written(
    rows: list[dict[str, str]], ending: str, rows_max: int, bom: bool
) -> None:
    """Quotes, commas and line ends in cells, a BOM, and CRLF change nothing."""
    text = (BOM if bom else "") + csv_text(rows, ending)
    found = in_parts(ImportFormat.CSV, text, rows_max)
    wanted = [
        {name: cell.strip() for name, cell in row.items() if cell.strip()} for row in rows
    ]
    assert [row.values for row in found] == [row for row in wanted if row]
    assert told(found) == told(rows_of_part(ImportFormat.CSV, text))


@given(
    st.lists(st.dictionaries(CELLS, st.none() | st.integers() | CELLS), max_size=8),
    st.sampled_from((None, 1)),
    st.booleans(),
    st.integers(1, 5),
)
def test_json_is_read_as_it_was_written(
    rows: list[dict[str, Any]], indent: int | None, lines: bool, rows_max: int
) -> None:
    """In one array or an object a line, whichever way it is laid out."""
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=indent)
    found = in_parts(ImportFormat.JSON, text, rows_max)
    assert [row.values for row in found] == rows
    assert told(found) == told(rows_of_part(ImportFormat.JSON, text))


@given(FORMATS, st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 4))
def test_any_text_is_rows_or_is_refused_with_its_line(
    form: ImportFormat, text: str, rows_max: int
) -> None:
    header = "" if form is ImportFormat.JSON else "name,key\n"
    if form is ImportFormat.CSV:
        header = "name,secret\n"
    for whole in (text, header + text):
        found, fault = read(form, whole, rows_max)
        if fault is not None:
            assert 1 <= fault.line <= whole.count("\n") + whole.count("\r") + 1
            assert fault.reason
            assert fault.mend
        assert [row.line for row in found] == sorted(row.line for row in found)


@given(FORMATS, st.text("{}[]\",:\n\r ab'\\"), st.integers(1, 3))
def test_text_that_looks_nearly_right_does_no_harm_either(
    form: ImportFormat, text: str, rows_max: int
) -> None:
    header = "" if form is ImportFormat.JSON else "name,key,secret\n"
    if form is ImportFormat.CSV:
        header = "name,secret\n"
    found, fault = read(form, header + text, rows_max)
    if fault is None and found:
        assert told(found) == told(rows_of_part(form, header + text))


def test_lines_are_those_of_the_file() -> None:
    text = 'name,secret\r\n\r\nA,"x\r\ny"\r\n\r\n\r\nB,z\r\nC,w'
    for rows_max in (1, 2, 9):
        found = in_parts(ImportFormat.CSV, text, rows_max)
        assert [row.line for row in found] == [3, 7, 8]


def test_a_part_is_bounded_in_rows_and_in_size() -> None:
    long = "n" * 20_000
    text = "name,secret\n" + "".join(f"{long},{number}\n" for number in range(60))
    parts = list(parts_of(ImportFormat.CSV, lines_of(text)))
    assert max(len(part.text) for part in parts) <= PART_CHARS_MAX
    assert sum(part.rows for part in parts) == 60
    short = "name,secret\n" + "a,b\n" * (PART_ROWS_MAX * 2 + 1)
    rows = [part.rows for part in parts_of(ImportFormat.CSV, lines_of(short))]
    assert rows == [PART_ROWS_MAX, PART_ROWS_MAX, 1]
    with pytest.raises(Unreadable) as fault:
        rows_of_part(ImportFormat.CSV, short)
    assert fault.value.line == PART_ROWS_MAX + 2


def test_a_file_is_read_as_its_parts_are_taken() -> None:
    """However long it is, no more than a part of it is held."""
    taken = 0

    def lines() -> Any:
        nonlocal taken
        yield "name,secret\n"
        while True:
            taken += 1
            yield "a,b\n"

    parts = parts_of(ImportFormat.CSV, lines())
    next(parts)
    assert taken <= PART_ROWS_MAX + 1
    objects = parts_of(ImportFormat.JSON, iter(lambda: '{"name":"a"}\n', ""))
    assert next(objects).rows == PART_ROWS_MAX


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        (ImportFormat.CSV, 'name,secret\nA,"b\n' + "c\n" * ROW_CHARS_MAX, "quote"),
        (ImportFormat.CSV, "name,secret\n" + "c" * (ROW_CHARS_MAX + 1), "quote"),
        (ImportFormat.JSON, '{"a": "' + "c" * (ROW_CHARS_MAX + 1), "JSON"),
        (ImportFormat.JSON, '{"a": "' + "c" * ROW_CHARS_MAX + '"}', "keep less"),
        (ImportFormat.JSON, " " * (ROW_CHARS_MAX + 2), "leave them out"),
        (ImportFormat.JSON, '{"a": ' + "[" * 60_000, "flatten|JSON"),
        (ImportFormat.JSON, '{"a": NaN}', "NaN"),
        (ImportFormat.JSON, '["a"]', "object"),
        (ImportFormat.JSON, '{"a": 1', "JSON"),
        (ImportFormat.CSV, 'name,secret\n"a"b,c\n', "RFC 4180"),
        (ImportFormat.CSV, "name;secret\n", "commas"),
        (ImportFormat.CSV, "name,name,secret\n", "twice"),
        (ImportFormat.CSV, "secret\n", "no column name"),
        (ImportFormat.AWS, "name,value\n", "no column key"),
    ],
)
def test_what_is_no_such_file_is_told_how_to_mend(
    form: ImportFormat, text: str, words: str
) -> None:
    for read in (
        lambda: rows_of_part(form, text),
        lambda: list(parts_of(form, lines_of(text))),
    ):
        with pytest.raises(Unreadable, match=words):
            read()


def test_a_text_without_a_header_is_told() -> None:
    with pytest.raises(Unreadable, match="header"):
        rows_of_part(ImportFormat.CSV, "\n\n")
    assert list(parts_of(ImportFormat.CSV, [])) == []


def test_aws_columns_stand_in_any_order_and_unknown_ones_are_passed_over() -> None:
    text = "ENABLED,x,Key,Name,UsagePlanIds\ntrue,1,k,n,'a,b'\nfalse,,k2,'n2,\n"
    rows = rows_of_part(ImportFormat.AWS, text)
    assert rows[0].values == {
        "enabled": "true",
        "key": "k",
        "name": "n",
        "usageplanids": "a,b",
    }
    assert rows[1].values["name"] == "'n2"


def test_a_row_with_more_cells_than_columns_is_a_fault_of_its_own() -> None:
    rows = rows_of_part(ImportFormat.CSV, "name,secret\na,b,c\nd,e\n")
    assert rows[0].fault is not None
    assert rows[1].values == {"name": "d", "secret": "e"}


def test_strings_stand_in_no_repr() -> None:
    text = "name,secret\nA,very-secret-string\n"
    (part,) = parts_of(ImportFormat.CSV, lines_of(text))
    assert "very" not in repr(part)
    assert "very" not in repr(rows_of_part(ImportFormat.CSV, text))

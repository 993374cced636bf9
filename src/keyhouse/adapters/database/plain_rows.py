"""Rows as JSON has them, the same of both databases.

Numbers, texts and JSON stay what they are; bytes are base64.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

Bytes = tuple[int, ...]
"""Which columns of a table hold bytes, by position."""


def reader_of(table: sa.Table) -> Bytes:
    """The columns that `told` and `held` have to look at."""
    return _positions(table, tuple(table.columns.keys()))


def told(row: Sequence[Any], of_bytes: Bytes) -> list[Any]:
    """A row of the database for the file."""
    values = list(row)
    for position in of_bytes:
        if values[position] is not None:
            values[position] = base64.b64encode(values[position]).decode("ascii")
    return values


class Writer:
    """Rows of the file for a table of the database.

    Raises ValueError for columns that the table has not, and where one is
    missing that has no default.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str]) -> None:
        unknown = sorted(set(columns) - set(table.columns.keys()))
        if unknown or len(set(columns)) != len(columns):
            raise ValueError(f"{table.name} has no column {', '.join(unknown) or 'twice'}")
        self._columns = tuple(columns)
        self._bytes = frozenset(columns[at] for at in _positions(table, self._columns))

    def held(self, row: object) -> dict[str, Any]:
        """The row's columns. Raises ValueError for what is no row of it."""
        if not isinstance(row, list) or len(row) != len(self._columns):
            raise ValueError("a row has another number of columns than its table")
        values = dict(zip(self._columns, row, strict=True))
        for name in self._bytes:
            if values[name] is not None:
                values[name] = _decoded(values[name])
        return values


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error:
        raise ValueError("a column of bytes is not base64") from None


def _positions(table: sa.Table, columns: tuple[str, ...]) -> Bytes:
    return tuple(
        position
        for position, name in enumerate(columns)
        if isinstance(table.c[name].type, sa.LargeBinary)
    )

"""Many rows at once, in few steps, for who shares a process with the loop that serves.

A step for each row, as drivers take them, hands the interpreter over each
time: a thousand rows keep the loop waiting a thousand times. And on one core
the kernel lets a thread that works run for three milliseconds on end.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import Insert, several_at_once

T = TypeVar("T")

IDS_MAX: Final = 500
"""Ids in one query, below what SQLite binds."""
_PARAMETERS_MAX: Final = 999
"""In a statement of SQLite, however it was made."""
_UPDATED_AT_ONCE: Final = 100
_SENT_AT_ONCE: Final = 250
"""Rows that PostgreSQL is sent at once: half a millisecond to write them as one text."""
_WORKED_NS: Final = 250_000
_BREATH_SECONDS: Final = 0.0001


class _Last(threading.local):
    breath_ns = 0


_last: Final = _Last()


def breathe() -> None:
    """Let others have the processor, if this thread has worked for a while."""
    if time.thread_time_ns() - _last.breath_ns > _WORKED_NS:
        time.sleep(_BREATH_SECONDS)
        _last.breath_ns = time.thread_time_ns()


def insert_rows(
    connection: Connection,
    adding: Insert,
    columns: tuple[str, ...],
    rows: Iterable[Sequence[object]],
) -> None:
    """Insert values of these columns, in order; `adding` says what becomes of those

    that are there. It is to be one that is kept: what is made of it is remembered.
    """
    if connection.dialect.name == "sqlite":
        for some in parted(rows, _PARAMETERS_MAX // len(columns)):
            statement = _insert(adding, columns, len(some))
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))
    else:
        several = _several(adding, columns)
        for some in parted(rows, _SENT_AT_ONCE):
            named = [dict(zip(columns, row, strict=True)) for row in some]
            connection.execute(several, {"rows": named})


def add_to_rows(
    connection: Connection,
    table: sa.Table,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, *tuple[int, ...]]],
) -> None:
    """Add to numbers of rows that are there: an id, and what to add to each column."""
    if connection.dialect.name == "sqlite":
        for some in parted(rows, _UPDATED_AT_ONCE):
            update = _update_sqlite(table.name, columns, len(some))
            connection.exec_driver_sql(update, tuple(chain.from_iterable(some)))
    else:
        update = _update_postgres(table.name, columns)
        for some in parted(rows, _SENT_AT_ONCE):
            arrays = [list(column) for column in zip(*some, strict=True)]
            connection.exec_driver_sql(update, tuple(arrays))


def parted(rows: Iterable[T], at_once: int) -> Iterator[list[T]]:
    """So many at a time, with a breath before each part."""
    left = iter(rows)
    while some := list(islice(left, at_once)):
        breathe()
        yield some


@lru_cache(maxsize=512)
def _insert(adding: Insert, columns: tuple[str, ...], count: int) -> str:
    """SQLite's statement for so many rows."""
    compiled = adding.compile(dialect=sqlite.dialect(), column_keys=list(columns))
    row = f"({', '.join('?' * len(columns))})"
    into, values, then = str(compiled).partition(f" VALUES {row}")
    if not values or tuple(compiled.positiontup or ()) != columns:
        raise AssertionError(str(compiled))
    return f"{into} VALUES {', '.join([row] * count)}{then}"


@lru_cache
def _several(adding: Insert, columns: tuple[str, ...]) -> Insert:
    table = adding.table
    if not isinstance(table, sa.Table):
        raise TypeError(table)
    return several_at_once(adding, table, columns)


@lru_cache(maxsize=512)
def _update_sqlite(table: str, columns: tuple[str, ...], count: int) -> str:
    sums = ", ".join(
        f"{name} = {table}.{name} + given.column{at}" for at, name in enumerate(columns, 2)
    )
    row = f"(?{', ?' * len(columns)})"
    return (
        f"UPDATE {table} SET {sums} "  # noqa: S608 - names of ours
        f"FROM (VALUES {', '.join([row] * count)}) AS given "
        f"WHERE {table}.id = given.column1"
    )


@lru_cache
def _update_postgres(table: str, columns: tuple[str, ...]) -> str:
    sums = ", ".join(f"{name} = {table}.{name} + given.{name}" for name in columns)
    arrays = ", ".join(["%s::text[]", *["%s::bigint[]"] * len(columns)])
    return (
        f"UPDATE {table} SET {sums} "  # noqa: S608 - names of ours
        f"FROM unnest({arrays}) AS given(id, {', '.join(columns)}) "
        f"WHERE {table}.id = given.id"
    )

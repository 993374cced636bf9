"""INSERTs that both databases take, and of which SQLAlchemy knows none for both."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Insert = postgresql.Insert | sqlite.Insert
Values = Sequence[Mapping[str, Any]]
"""Rows of a table: all with the same columns."""


def insert_into(connection: Connection, table: sa.Table) -> Insert:
    """An INSERT that takes `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> Insert:
    """The same for a kind of database, by the name of its dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_many(
    connection: Connection, table: sa.Table, rows: Values
) -> tuple[Insert, Values | Mapping[str, Any]]:
    """An INSERT of all of them, and what it is executed with.

    SQLite takes row after row at no cost between them. PostgreSQL is sent them
    as one JSON text, which takes it and us half as long as row after row does.
    """
    adding = insert_into(connection, table)
    if connection.dialect.name == "sqlite":
        return adding, rows
    return several_at_once(adding, table, rows[0]), {"rows": [_plain(row) for row in rows]}


def several_at_once(adding: Insert, table: sa.Table, columns: Iterable[str]) -> Insert:
    """PostgreSQL's INSERT of all that its parameter `rows` holds, as objects of JSON."""
    named = [table.c[name] for name in columns]
    names = [column.name for column in named]
    sent = sa.bindparam("rows", type_=sa.JSON())
    like = sa.cast(sa.null(), _RowOf(table.name))
    taken = sa.func.json_populate_recordset(like, sent).table_valued(*names)
    return adding.from_select(names, sa.select(*(taken.c[name] for name in names)))


def keys_of(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table's primary key."""
    return list(table.primary_key.columns)


class _RowOf(sa.types.UserDefinedType[Any]):
    """The type that PostgreSQL has for the rows of each table."""

    cache_ok = True

    def __init__(self, table: str) -> None:
        self.table = table

    def get_col_spec(self, **_: object) -> str:
        return self.table


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """As PostgreSQL reads bytes out of a text."""
    return {
        name: "\\x" + value.hex() if isinstance(value, bytes) else value
        for name, value in row.items()
    }

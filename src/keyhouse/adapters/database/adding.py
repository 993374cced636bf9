"""Adding to rows of usage, of whatever grain."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import Insert, insert_for, keys_of
from keyhouse.adapters.database.many import insert_rows
from keyhouse.adapters.database.tables import USAGE_SUMS


def add_usage(
    connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> None:
    """Add to the rows that are there, in the given order, which all are to keep to."""
    if rows:
        columns = tuple(column.name for column in table.c if column.name in rows[0])
        values = [tuple(row[name] for name in columns) for row in rows]
        insert_rows(connection, adding_to(connection.dialect.name, table), columns, values)


@lru_cache
def adding_to(dialect: str, table: sa.Table) -> Insert:
    """An INSERT that adds to the sums of rows that are there."""
    insert = insert_for(dialect, table)
    return insert.on_conflict_do_update(
        index_elements=keys_of(table),
        set_={name: table.c[name] + insert.excluded[name] for name in USAGE_SUMS},
    )

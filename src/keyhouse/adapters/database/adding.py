"""Adding to rows of usage, of whatever grain."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import Insert, insert_for, keys_of
from keyhouse.adapters.database.tables import USAGE_SUMS


def add_usage(
    connection: Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> None:
    """Add to the rows that are there, in the given order, which all are to keep to."""
    if not rows:
        return
    connection.execute(_adding(connection.dialect.name, table), list(rows))


@lru_cache
def _adding(dialect: str, table: sa.Table) -> Insert:
    insert = insert_for(dialect, table)
    return insert.on_conflict_do_update(
        index_elements=keys_of(table),
        set_={name: table.c[name] + insert.excluded[name] for name in USAGE_SUMS},
    )

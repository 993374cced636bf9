"""A database made anew and filled: `ports.Refill`.

The schema is first that of the rows, and is migrated once they are in: so a
backup of an older version is read by the very migrations that its database
would have gone through.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from keyhouse.adapters.database.migrate import migrate_to
from keyhouse.adapters.database.plain_rows import Writer
from keyhouse.adapters.database.tables import budget, change_head, job, metadata
from keyhouse.ports import NotEmpty

_VERSION: Final = "alembic_version"
_BATCH: Final = 500
_LEAP: Final = 1_000_000_000
"""How far the change log moves: beyond all changes that can have been made since

the backup, so that whoever has followed the log forgets what it knew.
"""


class DatabaseRefill:
    """A fresh schema of that revision, in an open transaction."""

    def __init__(self, connection: Connection, revision: str) -> None:
        self._connection = connection
        migrate_to(connection, revision)
        self._tables = sa.MetaData()
        self._tables.reflect(connection)

    def fill(self, name: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
        """Write rows, some at a time; how many."""
        table = self._tables.tables.get(name)
        if table is None or name == _VERSION:
            raise ValueError(f"there is no table {name}")
        writer = Writer(table, columns)
        insert, count = sa.insert(table), 0
        try:
            while some := [writer.held(row) for row in islice(rows, _BATCH)]:
                self._connection.execute(insert, some)
                count += len(some)
        except IntegrityError:
            # Its text would hold the row.
            raise ValueError(f"a row of {name} does not fit to the others") from None
        return count


def emptied(connection: Connection, *, force: bool) -> int:
    """Drop all tables; gives the number of the last change that was in them.

    Raises NotEmpty where a table holds rows, unless `force`, and where there
    are tables that are not Keyhouse's.
    """
    there = sa.MetaData()
    there.reflect(connection)
    foreign = sorted(there.tables.keys() - metadata.tables.keys() - {_VERSION})
    if foreign:
        raise NotEmpty(f"it has tables that this Keyhouse does not know: {foreign[0]}")
    filled = [table.name for table in there.sorted_tables if _holds_rows(connection, table)]
    if filled and not force:
        raise NotEmpty(f"its table {filled[0]} holds rows already")
    head = 0
    if change_head.name in there.tables:
        found = connection.execute(sa.select(change_head.c.n)).scalar()
        head = found or 0
    there.drop_all(connection)
    return head


def _holds_rows(connection: Connection, table: sa.Table) -> bool:
    if table.name in (_VERSION, change_head.name):
        return False
    query = sa.select(sa.literal(1)).select_from(table).limit(1)
    return connection.execute(query).first() is not None


def settled(connection: Connection, seen: int) -> None:
    """Migrate, and end what the processes of the old machine had begun.

    Whoever held a lease may have spent it, and what it spent is not in the
    backup: so all of it counts as used.
    """
    migrate_to(connection, "head")
    spent = {"used": budget.c.used + budget.c.leased, "leased": 0}
    connection.execute(sa.update(budget).where(budget.c.leased != 0).values(spent))
    released = {"holder": "", "until": 0, "token": job.c.token + 1}
    connection.execute(sa.update(job).values(released))
    connection.execute(sa.update(change_head).values(n=seen + _LEAP))

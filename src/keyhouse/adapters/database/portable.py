"""The database as a whole, out of one kind and into either: `ports.Portable`."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import is_sqlite, reading, writing
from keyhouse.adapters.database.inserts import keys_of
from keyhouse.adapters.database.others import is_absent, others_at
from keyhouse.adapters.database.plain_rows import reader_of, told
from keyhouse.adapters.database.refill import DatabaseRefill, emptied, settled
from keyhouse.adapters.database.schema import (
    SchemaError,
    check_engine,
    found_revision,
    known_revisions,
)
from keyhouse.adapters.database.tables import change_head, metadata, node
from keyhouse.ports import Dump, Refill, TableRows

LEFT_OUT: Final = frozenset(("change", "change_head", "node", "spool", "lease"))
"""What belongs to running processes, and means nothing on another machine."""
USAGE: Final = frozenset(
    (
        "usage_bucket",
        "usage_rollup",
        "usage_total",
        "usage_kept",
        "observation",
        "key_network",
        "request_log",
    )
)
_LIVE_US: Final = 30_000_000
"""A gateway tells that it lives every 3 s; ten times that, and it is gone."""
_BATCH: Final = 1000
_PATIENT: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
"""A dump takes as long as it takes; it holds up nobody."""


class DatabasePortable:
    """`ports.Portable` on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def dumping(self, *, usage: bool) -> Generator[Dump]:
        """One snapshot: WAL gives it on SQLite, REPEATABLE READ on PostgreSQL.

        Raises SchemaError where the schema is not today's.
        """
        wrong = check_engine(self._engine)
        if wrong is not None:
            raise SchemaError(wrong)
        with reading(self._engine) as connection:
            _be_patient(connection)
            yield _Dump(connection, LEFT_OUT if usage else LEFT_OUT | USAGE)

    def living(self, now_us: int) -> Sequence[str]:
        """By what gateways tell of themselves, and by who has the database open."""
        self._engine.dispose()
        if is_absent(self._engine):
            return []
        found = others_at(self._engine)
        with reading(self._engine) as connection:
            if sa.inspect(connection).has_table(node.name):
                recent = sa.select(node).where(node.c.confirmed_at > now_us - _LIVE_US)
                rows = connection.execute(recent)
                found += [f"a {row.kind} with process id {row.pid}" for row in rows]
        self._engine.dispose()
        return found

    @contextmanager
    def refilling(self, revision: str, head: int, *, force: bool) -> Generator[Refill]:
        """Everything in one transaction, which both databases do with schemas too."""
        if revision not in known_revisions():
            raise ValueError(
                f"its schema ({revision}) was made by a newer Keyhouse than this one"
            )
        with writing(self._engine) as connection:
            _be_patient(connection)
            seen = emptied(connection, force=force)
            refill = DatabaseRefill(connection, revision)
            yield refill
            settled(connection, max(seen, head))


class _Dump:
    """`ports.Dump` in an open transaction."""

    def __init__(self, connection: Connection, left_out: frozenset[str]) -> None:
        self._connection = connection
        self._tables = [t for t in metadata.sorted_tables if t.name not in left_out]
        self.revision = found_revision(connection) or ""
        self.head: int = connection.execute(sa.select(change_head.c.n)).scalar_one()

    def tables(self) -> Iterator[TableRows]:
        """In the order in which they can be filled."""
        for table in self._tables:
            columns = tuple(table.columns.keys())
            yield TableRows(table.name, columns, self._rows(table))

    def _rows(self, table: sa.Table) -> Iterator[list[Any]]:
        """Rows by their primary key, a batch at a time; PostgreSQL keeps a cursor."""
        query = sa.select(table).order_by(*keys_of(table))
        options = {"yield_per": _BATCH}
        read = reader_of(table)
        result = self._connection.execute(query, execution_options=options)
        for batch in result.partitions():
            yield from (told(row, read) for row in batch)


def _be_patient(connection: Connection) -> None:
    if not is_sqlite(connection.engine):
        for setting in _PATIENT:
            connection.exec_driver_sql(setting)

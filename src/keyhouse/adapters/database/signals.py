"""What nodes tell workers: `ports.SignalSink`."""

from collections.abc import Sequence

from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.core.entities import Signal


class DatabaseSignalSink:
    """`ports.SignalSink` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def send(self, signals: Sequence[Signal]) -> None:
        """Write all of them in one transaction; one that is there already stays."""
        if not signals:
            return
        mapper = mapper_of(Signal)
        # In one order, so that of two nodes neither waits for the other who waits for it.
        rows = [mapper.values(one) for one in sorted(signals, key=lambda one: one.id)]
        with writing(self._engine) as connection:
            insert = insert_into(connection, mapper.table)
            connection.execute(insert.on_conflict_do_nothing(), rows)

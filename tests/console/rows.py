"""What a database holds, to be compared before and after."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

VISITS = frozenset(("session", "attempt"))
"""Tables that tell of a visit itself: when a session was seen, who guessed."""


def all_rows(engine: Engine, but: frozenset[str] = VISITS) -> dict[str, list[str]]:
    """All rows of all tables but these, as text and in one order."""
    tables = sa.MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        assert but <= set(tables.tables), "a table that is left out is not there"
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in tables.sorted_tables
            if table.name not in but
        }


def differing(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """The names of the tables that are not as they were."""
    return [name for name in before if before[name] != after[name]]

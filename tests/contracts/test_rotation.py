"""What workers look for every second is found by an index."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database import Database
from keyhouse.adapters.database import rotation as queries
from keyhouse.adapters.database.engine import reading
from tests.contracts.world import World


def test_who_waits_is_found_without_a_look_at_all_secrets(
    database: Database, world: World
) -> None:
    """Ten million keys of which none waits must cost a worker nothing."""
    plans: list[str] = []
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}

    def note(
        connection: Connection, _cursor: object, text: str, values: Any, *_: object
    ) -> None:
        if text.startswith("SELECT") and "waits_for" in text:
            told = explain[connection.dialect.name] + text
            raw = connection.connection.cursor()
            if connection.dialect.name == "postgresql":
                raw.execute("SET LOCAL enable_seqscan = off")
            raw.execute(told, values)
            plans.extend(str(row) for row in raw.fetchall())

    with reading(database.engine) as connection:
        sa.event.listen(connection, "before_cursor_execute", note)
        assert queries.waiting(connection, 10) == []
    assert "ix_secret_waits_for_set" in "".join(plans)

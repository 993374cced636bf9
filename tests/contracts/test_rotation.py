"""What workers look for every second is found by an index."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database import Database
from keyhouse.adapters.database import rotation as queries
from keyhouse.adapters.database.engine import reading
from tests.contracts.world import World

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}


def explained(database: Database, word: str, ask: Callable[[Connection], object]) -> str:
    """How the database finds what is asked for by queries in which that word is."""
    plans: list[str] = []

    def note(
        connection: Connection, _cursor: object, text: str, values: Any, *_: object
    ) -> None:
        if text.startswith("SELECT") and word in text:
            told = EXPLAIN[connection.dialect.name] + text
            raw = connection.connection.cursor()
            if connection.dialect.name == "postgresql":
                raw.execute("SET LOCAL enable_seqscan = off")
            raw.execute(told, values)
            plans.extend(str(row) for row in raw.fetchall())

    with reading(database.engine) as connection:
        sa.event.listen(connection, "before_cursor_execute", note)
        ask(connection)
    return "".join(plans)


def test_who_waits_is_found_without_a_look_at_all_secrets(
    database: Database, world: World
) -> None:
    """Ten million keys of which none waits must cost a worker nothing."""
    told = explained(database, "waits_for", lambda one: queries.waiting(one, 10))
    assert "ix_secret_waits_for_set" in told


def test_keys_by_plans_are_found_without_a_look_at_all_subscriptions(
    database: Database, world: World
) -> None:
    """A market of many buyers whose plans have no schedule must cost a worker nothing."""
    told = explained(
        database,
        "rotation",
        lambda one: queries.keys_with_dates(one, None, None, 500, (0, 1)),
    )
    assert "ix_plan_rotation_set" in told
    assert "SCAN subscription" not in told

"""Few rows of a large table, however little PostgreSQL knows of it."""

from typing import Final

from sqlalchemy.engine import Connection

# What reads few rows by an index must not be planned as a walk through a whole
# table, nor without the values that are asked for.
_NARROWLY: Final = "; ".join(
    (
        *(
            f"SET LOCAL {name} = off"
            for name in (
                "enable_seqscan",
                "enable_bitmapscan",
                "enable_hashjoin",
                "enable_mergejoin",
                "jit",
            )
        ),
        "SET LOCAL max_parallel_workers_per_gather = 0",
        "SET LOCAL plan_cache_mode = force_custom_plan",
    )
)


def read_narrowly(connection: Connection) -> None:
    """Have the rest of the transaction read by indexes. On SQLite there is no need."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_NARROWLY)

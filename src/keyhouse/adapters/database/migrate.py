"""Bringing the schema up to date, by Alembic.

Both databases change their schema in a transaction: a migration that fails
leaves everything as it was. Two processes that start at once take turns.
"""

from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import is_sqlite, writing
from keyhouse.adapters.database.schema import MIGRATIONS, refuse_newer

_TURN: Final = 0x6B65_7968_6F75_7365
"""The PostgreSQL advisory lock that migrations take turns by: 'keyhouse'."""


def migrate(engine: Engine) -> None:
    """Run the revisions that are missing.

    Raises SchemaError for a schema made by a newer Keyhouse, and
    StoreUnavailable.
    """
    with writing(engine) as connection:
        if not is_sqlite(engine):
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
        refuse_newer(connection)
        migrate_to(connection, "head")


def migrate_to(connection: Connection, revision: str) -> None:
    """Run the revisions up to that one, or up to `head`, in an open transaction."""
    command.upgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

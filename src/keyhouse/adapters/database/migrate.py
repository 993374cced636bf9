"""The schema: brought up to date, and compared with what this version needs.

Both databases change their schema in a transaction: a migration that fails
leaves everything as it was. Two processes that start at once take turns.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import create_engine, is_sqlite, reading, writing

_FOLDER: Final = Path(__file__).parent / "migrations"
_TURN: Final = 0x6B65_7968_6F75_7365
"""The PostgreSQL advisory lock that migrations take turns by: 'keyhouse'."""


class SchemaError(Exception):
    """The schema does not fit this version; the text says so to a person."""


def upgrade(url: str) -> None:
    """Bring the schema up to date; nothing happens where it is.

    Raises SchemaError for one made by a newer Keyhouse, and StoreUnavailable.
    """
    engine = create_engine(url)
    try:
        with writing(engine) as connection:
            if not is_sqlite(engine):
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
            _refuse_newer(connection)
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def check(url: str) -> str | None:
    """What is wrong with the schema, in plain words; None when it fits.

    Raises StoreUnavailable.
    """
    engine = create_engine(url)
    try:
        return check_engine(engine)
    finally:
        engine.dispose()


def check_engine(engine: Engine) -> str | None:
    """As `check`, for an engine that is there already."""
    with reading(engine) as connection:
        found = _found(connection)
    known = _known()
    if found == known[0]:
        return None
    if found is None:
        return "The database is empty; `keyhouse migrate` sets it up."
    if found in known:
        return (
            f"The database's schema is older ({found}) than this version of Keyhouse "
            f"needs ({known[0]}); `keyhouse migrate` brings it up to date."
        )
    return _newer(found)


def _refuse_newer(connection: Connection) -> None:
    found = _found(connection)
    if found is not None and found not in _known():
        raise SchemaError(_newer(found))


def _newer(found: str) -> str:
    return (
        f"The database's schema ({found}) was made by a newer Keyhouse than this one; "
        "start that version, or restore a backup from before it."
    )


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> list[str]:
    """All revisions of this version, the newest first."""
    scripts = ScriptDirectory(str(_FOLDER))
    return [script.revision for script in scripts.walk_revisions()]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

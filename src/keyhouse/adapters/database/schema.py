"""The schema: compared with what this version needs, and brought up to date.

At a start it nearly always fits, and one row tells that. Alembic, which takes
longer to import than all else takes to start, is asked only where it does not.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import create_engine, reading

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION: Final = sa.table("alembic_version", sa.column("version_num"))


class SchemaError(Exception):
    """The schema does not fit this version; the text says so to a person."""


def upgrade(url: str) -> None:
    """Bring the schema up to date; nothing happens where it is.

    Raises SchemaError for one made by a newer Keyhouse, and StoreUnavailable.
    """
    engine = create_engine(url)
    try:
        if check_engine(engine) is not None:
            from keyhouse.adapters.database.migrate import migrate  # noqa: PLC0415  (dear)

            migrate(engine)
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
        found = found_revision(connection)
    known = known_revisions()
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


def refuse_newer(connection: Connection) -> None:
    """Raise SchemaError for a schema that this version does not know."""
    found = found_revision(connection)
    if found is not None and found not in known_revisions():
        raise SchemaError(_newer(found))


def found_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return found


def known_revisions() -> list[str]:
    """All revisions of this version, the newest first: files are named by them."""
    files = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return sorted((file.name.partition("_")[0] for file in files), reverse=True)


def _newer(found: str) -> str:
    return (
        f"The database's schema ({found}) was made by a newer Keyhouse than this one; "
        "start that version, or restore a backup from before it."
    )

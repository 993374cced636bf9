"""Who else has the database open.

SQLite leaves WAL only where nobody else has the file open, so it is asked to;
PostgreSQL lists its clients.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import is_sqlite, reading
from keyhouse.ports import StoreUnavailable

_LEAVING_SECONDS: Final = 2.0
"""PostgreSQL lists a client that has just gone until its backend has ended."""
_LOOK_SECONDS: Final = 0.1
_CLIENTS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def is_absent(engine: Engine) -> bool:
    """Whether there is no file yet; to look into it would make one."""
    return is_sqlite(engine) and not Path(engine.url.database or "").exists()


def others_at(engine: Engine) -> list[str]:
    """What is known of others, in words. The engine itself must hold no connection."""
    if is_sqlite(engine):
        return _at_file(Path(engine.url.database or ""))
    ends = monotonic() + _LEAVING_SECONDS
    while (found := _at_server(engine)) and monotonic() < ends:
        sleep(_LOOK_SECONDS)
    return found


def _at_file(path: Path) -> list[str]:
    with closing(sqlite3.connect(path, timeout=0.5)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE").close()
        except sqlite3.OperationalError:
            return [f"a process that has {path} open"]
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(f"{path}: {error}") from error
        connection.execute("PRAGMA journal_mode=WAL").close()
    return []


def _at_server(engine: Engine) -> list[str]:
    # A transaction sees one state of the list, so each look has one of its own.
    with reading(engine) as connection:
        count = connection.execute(_CLIENTS).scalar_one()
    return [f"{count} other connections to the database"] if count else []

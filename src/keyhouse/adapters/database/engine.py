"""Engines, and the two kinds of transaction that all else is made of.

SQLite: WAL, `synchronous=FULL`, and each writing transaction is BEGIN
IMMEDIATE, so that it waits for its turn before it has read anything. A reading
one is a plain BEGIN: its snapshot is that of its first SELECT.
PostgreSQL: writing is READ COMMITTED, reading REPEATABLE READ READ ONLY.
"""

import json
import os
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, sleep
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url

from keyhouse.adapters.database.errors import translated

BUSY_SECONDS: Final = 10.0
"""How long a transaction waits for its turn before the database counts as gone."""

_WRITES: Final = "keyhouse_writes"
_SQLITE_PRAGMAS: Final = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)
_POSTGRES_OPTIONS: Final = (
    # A process that was stopped in the middle of a transaction holds nobody up for long.
    "-c idle_in_transaction_session_timeout=10s "
    f"-c lock_timeout={BUSY_SECONDS:.0f}s -c statement_timeout=30s"
)

_POSTGRES_NETWORK: Final[dict[str, Any]] = {
    # A network that swallows all is noticed in some ten seconds, not in a quarter of
    # an hour: till then who waits on a connection does not try another one.
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def create_engine(url: str) -> Engine:
    """An engine for `sqlite:////path/to/file` or `postgresql://…`.

    Nothing is connected yet. Raises ValueError for any other database, and
    for SQLite in memory, which processes could not share.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise ValueError("the database's address is no URL") from error
    family = parsed.get_backend_name()
    if family == "sqlite":
        return _sqlite(parsed)
    if family in ("postgresql", "postgres"):
        return _postgres(parsed.set(drivername="postgresql+psycopg"))
    raise ValueError(f"the database is sqlite or postgresql, not {family}")


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine's database is SQLite; otherwise it is PostgreSQL."""
    return engine.dialect.name == "sqlite"


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """A read-only transaction on one snapshot."""
    with translated(), engine.connect() as connection:
        if not is_sqlite(engine):
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """A transaction that may write; it commits unless an exception leaves it."""
    with translated(), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def _common() -> dict[str, Any]:
    return {
        # Parameters hold digests and personal data; an exception's text goes to the log.
        "hide_parameters": True,
        "pool_size": 8,
        "max_overflow": 24,
        "pool_timeout": BUSY_SECONDS,
        # Both databases refuse NaN in JSON in the same way: before it is sent.
        "json_serializer": partial(json.dumps, allow_nan=False, separators=(",", ":")),
    }


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database is a file: sqlite:////path/to/keyhouse.db")
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **_common())
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(
    _dialect: object,
    _record: object,
    arguments: Sequence[Any],
    options: Mapping[str, object],
) -> None:
    """A new file is for its owner alone, whatever the umask; its log takes after it."""
    if options.get("uri"):
        return
    with suppress(OSError):  # it is there already, or SQLite says what is wrong
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _open_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - any driver's
    # The driver's own BEGIN comes late and is never IMMEDIATE: we send ours.
    connection.isolation_level = None
    _insist_on_wal(connection)
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()
    # SQLite's own knows ASCII only; a search would miss 'Ärzte' for 'ärzte'.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _insist_on_wal(connection: Any) -> None:  # noqa: ANN401 - any driver's
    """SQLite does not wait for its turn to change the mode of a file that is new to

    several processes: it says at once that the file is locked.
    """
    end = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError:
            if monotonic() > end:
                raise
            sleep(0.01)
        else:
            return


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        name: value for name, value in _POSTGRES_NETWORK.items() if name not in url.query
    }
    if "options" not in url.query:
        arguments["options"] = _POSTGRES_OPTIONS
    return sa.create_engine(
        url,
        connect_args=arguments,
        pool_pre_ping=True,
        pool_recycle=1800,
        **_common(),
    )

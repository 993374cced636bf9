"""The databases that the contract suites run on: all of them, or they fail."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.adapters.database.tables import metadata
from tests.contracts.world import World
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_database(postgres: PostgresServer) -> str:
    """A migrated database, emptied after each test: making one takes far longer."""
    name = postgres.create()
    upgrade(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with all tables, on each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "keyhouse.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = request.getfixturevalue("postgres_database")
    yield server.url(name)
    tables = ", ".join(table for table in metadata.tables if table != "change_head")
    emptying = f"TRUNCATE {tables}; UPDATE change_head SET n = 0"  # noqa: S608 - our own names
    server.run(emptying, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database; all its connections are closed at the end."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def world(database: Database) -> World:
    """A small installation in the database: one of each thing."""
    made = World()
    made.insert(database)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.create())

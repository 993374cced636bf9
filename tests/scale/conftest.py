"""The promised sizes: a crowd of keys on each kind of database."""

import os
from collections.abc import Iterator

import pytest

from keyhouse.adapters.database import Database, open_database, upgrade
from tests.contracts import world as make
from tests.contracts.conftest import postgres
from tests.scale.crowd import Crowd
from tests.scale.multitude import Multitude

__all__ = ["ASKED", "COLD_KEYS", "KEYS", "crowd", "empty", "multitude", "postgres"]

KEYS = int(os.environ.get("KEYHOUSE_SCALE_KEYS", "50000"))
"""`make soak` asks for a million."""
COLD_KEYS = int(os.environ.get("KEYHOUSE_SCALE_COLD_KEYS", "10000"))
"""`make soak` asks for ten millions."""
ASKED = min(4000, COLD_KEYS // 20)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with all tables, of each kind in turn."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("crowd")
        url = f"sqlite:///{folder}/keyhouse.db"
    else:
        server = request.getfixturevalue("postgres")
        url = server.url(server.create())
    upgrade(url)
    database = open_database(url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def crowd(empty: Database) -> Crowd:
    """Written once: the tests only read."""
    with empty.rows.writing() as tx:
        tx.insert(make.organization())
        tx.insert(make.project())
    made = Crowd(empty, make.id_of("org", 1), make.id_of("prj", 1))
    made.grow(KEYS)
    return made


@pytest.fixture(scope="module")
def multitude(empty: Database) -> Multitude:
    """As many keys as there may be, of which some open."""
    made = Multitude(empty, COLD_KEYS)
    made.fill()
    made.give_secrets(made.sample(ASKED))
    return made

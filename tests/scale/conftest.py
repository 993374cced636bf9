"""The promised sizes: a crowd of keys on each kind of database."""

import os
from collections.abc import Iterator

import pytest

from keyhouse.adapters.database import open_database, upgrade
from tests.contracts import world as make
from tests.contracts.conftest import postgres
from tests.scale.crowd import Crowd

__all__ = ["KEYS", "crowd", "postgres"]

KEYS = int(os.environ.get("KEYHOUSE_SCALE_KEYS", "50000"))
"""`make soak` asks for a million."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crowd]:
    """Written once: the tests only read."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("crowd")
        url = f"sqlite:///{folder}/keyhouse.db"
    else:
        server = request.getfixturevalue("postgres")
        url = server.url(server.create())
    upgrade(url)
    database = open_database(url)
    with database.rows.writing() as tx:
        tx.insert(make.organization())
        tx.insert(make.project())
    made = Crowd(database, make.id_of("org", 1), make.id_of("prj", 1))
    made.grow(KEYS)
    yield made
    database.dispose()

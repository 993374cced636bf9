"""Hosts that were given before they could have prefixes, and after."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.adapters.database.engine import create_engine, writing
from keyhouse.adapters.database.schema import MIGRATIONS
from keyhouse.core import entities
from tests.contracts import world as make
from tests.contracts.world import World

_OLD = (
    "INSERT INTO api_host (id, organization_id, api_id, parent)"
    " VALUES (:id, :organization_id, :api_id, :parent)"
)


def test_a_host_that_was_there_leads_as_before_and_is_held(empty_url: str) -> None:
    """Nobody's calls go astray by an upgrade, and nobody else gets a prefix there."""
    upgrade(empty_url)
    database = open_database(empty_url)
    World().insert(database)
    engine = create_engine(empty_url)
    _back_to(engine, "0018")
    old = {
        "id": "api.example.com",
        "organization_id": make.id_of("org", 1),
        "api_id": make.id_of("api", 1),
        "parent": "example.com",
    }
    with writing(engine) as connection:
        connection.execute(sa.text(_OLD), old)
    upgrade(empty_url)
    assert database.keys.find_host("api.example.com").api_id == make.id_of("api", 1)
    assert _held(database) == {make.held_host("api.example.com")}
    with database.rows.writing() as rows:
        rows.insert(make.api_host("api.example.com/v1", 1))
    _back_to(engine, "0018")
    with writing(engine) as connection:
        rows_left = connection.execute(sa.text("SELECT * FROM api_host")).mappings().all()
    assert [dict(row) for row in rows_left] == [old]
    engine.dispose()
    database.dispose()


def _held(database: Database) -> set[entities.HeldHost]:
    with database.rows.reading() as rows:
        return set(rows.find(entities.HeldHost))


def _back_to(engine: sa.Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

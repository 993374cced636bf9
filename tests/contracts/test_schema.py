"""The migrated schema is the one that the code speaks to."""

import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from keyhouse.adapters.database import SchemaError, check, open_database, upgrade
from keyhouse.adapters.database.engine import create_engine, writing
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.schema import MIGRATIONS, known_revisions
from keyhouse.adapters.database.tables import ENTITY_TABLES, metadata
from keyhouse.core import entities
from tests.contracts.world import World


def described(url: str) -> set[str]:
    """Every column with its type and collation, every index and constraint."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = "SELECT coalesce(sql, name) FROM sqlite_master"
            texts = {row[0] for row in connection.exec_driver_sql(query)}
            found = {re.sub(r"\s+", " ", text) for text in texts}
        else:
            columns = (
                "SELECT table_name, column_name, data_type, is_nullable, collation_name,"
                " column_default, ordinal_position FROM information_schema.columns"
                " WHERE table_schema = 'public'"
            )
            indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
            constraints = (
                "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
            )
            found = {
                str(tuple(row))
                for query in (columns, indexes, constraints)
                for row in connection.exec_driver_sql(query)
            }
    engine.dispose()
    return {text for text in found if "alembic_version" not in text}


def test_the_migrated_schema_is_that_of_the_tables(
    database_url: str, empty_url: str
) -> None:
    if database_url.split(":", maxsplit=1)[0] != empty_url.split(":", maxsplit=1)[0]:
        return
    engine = create_engine(empty_url)
    with writing(engine) as connection:
        metadata.create_all(connection)
    engine.dispose()
    assert described(database_url) == described(empty_url)


def test_alembic_finds_nothing_to_migrate(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_files_are_named_by_their_revisions() -> None:
    """A start reads the names alone: a wrong one would leave a schema as it is."""
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert known_revisions() == [script.revision for script in scripts]


_FITS = """
import sys
from keyhouse.adapters.database import upgrade
upgrade(sys.argv[1])
print("alembic" in sys.modules)
"""


def test_a_schema_that_fits_costs_a_start_no_import(database_url: str) -> None:
    """Alembic alone would double the time in which a killed gateway is away."""
    command = [sys.executable, "-c", _FITS, database_url]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_an_empty_database_says_so_and_is_set_up(empty_url: str) -> None:
    told = check(empty_url)
    assert told is not None
    assert "empty" in told
    upgrade(empty_url)
    assert check(empty_url) is None
    upgrade(empty_url)
    database = open_database(empty_url)
    assert database.check() is None
    assert database.keys.load([]).seq == 0
    database.dispose()


def test_a_newer_schema_is_named_and_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    engine = create_engine(empty_url)
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    told = check(empty_url)
    assert told is not None
    assert "newer" in told
    with pytest.raises(SchemaError, match="newer"):
        upgrade(empty_url)


def test_rows_that_were_there_hold_what_newer_columns_begin_with(empty_url: str) -> None:
    """A key and an API of an older Keyhouse open what they opened before."""
    old, config = World(), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(empty_url)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for row in old:
            values = mapper_of(type(row)).values(row)
            table = ENTITY_TABLES[type(row)]
            # What came later has a default, or may be NULL.
            there = {one["name"] for one in sa.inspect(connection).get_columns(table.name)}
            for name in values.keys() - there:
                del values[name]
            connection.execute(sa.insert(table).values(values))
    engine.dispose()
    upgrade(empty_url)
    database = open_database(empty_url)
    with database.rows.reading() as tx:
        assert tx.get(entities.Api, old.api.id) == old.api
        assert tx.get(entities.Access, old.access.id) == old.access
        assert tx.get(entities.Route, old.route.id) == old.route
        assert tx.get(entities.Application, old.application.id) == old.application
        assert tx.get(entities.Organization, old.organization.id) == old.organization
        assert tx.get(entities.Key, old.key.id) == old.key
        assert tx.get(entities.SecretRow, old.secret.id) == old.secret
        assert tx.get(entities.Project, old.project.id) == old.project
    database.dispose()


def test_processes_that_start_at_once_set_up_one_database(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, [empty_url] * 3))
    assert check(empty_url) is None


def test_a_sqlite_file_is_in_wal_mode_for_every_reader(sqlite_template: Path) -> None:
    with sqlite3.connect(sqlite_template) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()

"""What the database does to those who use it when it is slow, gone or misused."""

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database import Database, engine, open_database, upgrade
from keyhouse.adapters.database.engine import create_engine, reading, writing
from keyhouse.adapters.database.feed import LOOK_SECONDS
from keyhouse.core import entities
from keyhouse.core.secret import ALGORITHM
from keyhouse.ports import StoreUnavailable


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/keyhouse.db"
    upgrade(url)
    opened = open_database(url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize(
    "url",
    ["", "keyhouse.db", "mysql://u@h/d", "sqlite://", "sqlite:///:memory:", "oracle://x"],
)
def test_an_address_of_another_kind_is_refused_in_plain_words(url: str) -> None:
    with pytest.raises(ValueError, match="database"):
        create_engine(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_known_by_its_usual_names(scheme: str) -> None:
    assert create_engine(f"{scheme}://u@h/d").dialect.name == "postgresql"


def test_a_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The folder may have been there before, open to others."""
    before = os.umask(0o022)
    try:
        upgrade(f"sqlite:///{tmp_path}/keyhouse.db")
        opened = create_engine(f"sqlite:///{tmp_path}/keyhouse.db")
        with writing(opened) as connection:
            connection.exec_driver_sql("CREATE TABLE t (a)")
            files = list(tmp_path.iterdir())
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in files}
        opened.dispose()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert modes.keys() == {f"keyhouse.db{end}" for end in ("", "-wal", "-shm")}


def test_a_sqlite_file_is_safe_against_loss_of_power(database: Database) -> None:
    with reading(database.engine) as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """Else a long import would hold up every first use of a key."""
    with writing(database.engine), ThreadPoolExecutor(1) as pool:
        assert pool.submit(database.keys.load, []).result(5).seq == 0


def test_a_writer_waits_for_its_turn_before_it_reads(database: Database) -> None:
    """Two that read and then write lose nothing: the second sees the first's row."""
    inside = threading.Event()

    def first() -> None:
        with database.rows.writing() as rows:
            inside.set()
            row = entities.Organization(id="org_1", name="x", created_at=1, updated_at=1)
            rows.insert(row)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        inside.wait()
        with database.rows.writing() as rows:
            assert rows.get(entities.Organization, "org_1") is not None
        running.result()


def test_a_database_that_stays_locked_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    impatient = open_database(str(database.engine.url))
    with writing(database.engine), pytest.raises(StoreUnavailable):
        impatient.sink.open_spool("spl_1", "nod_1", "boot")
    impatient.dispose()


def test_a_folder_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    lost = open_database(f"sqlite:///{tmp_path}/none/keyhouse.db")
    feed = lost.feed()
    for use in (
        lambda: lost.keys.find_secret([("p", b"d")]),
        lambda: lost.ledger.lease("spl_1", []) or lost.sink.booked_to("spl_1"),
        lambda: feed.wait(0, 0),
        lost.check,
    ):
        with pytest.raises(StoreUnavailable):
            use()
    feed.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "keyhouse.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable):
        upgrade(f"sqlite:///{tmp_path}/keyhouse.db")


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    lost = open_database(f"postgresql://u@/d?host={tmp_path}")
    feed = lost.feed()
    with pytest.raises(StoreUnavailable):
        lost.keys.find_api("weather")
    with pytest.raises(StoreUnavailable):
        feed.wait(0, 0)
    feed.close()


def test_an_error_does_not_print_what_was_written(database: Database) -> None:
    """Rows hold digests and personal data; an error's text goes to the log."""
    with pytest.raises(sa.exc.IntegrityError) as raised, writing(database.engine) as one:
        one.execute(
            sa.text("INSERT INTO organization (id, name) VALUES (:id, :name)"),
            {"id": "org_1", "name": "Very Private"},
        )
    assert "Very Private" not in str(raised.value)


def test_looking_for_a_secret_uses_an_index(database: Database) -> None:
    """Of ten million keys, one is found as fast as of ten."""
    texts: list[str] = []
    with reading(database.engine) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(texts.append)
    database.keys.find_secret([("p1", b"1" * 32), ("p2", b"2" * 32)])
    [query] = [text for text in texts if "FROM secret" in text]
    assert ALGORITHM in query
    with reading(database.engine) as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert not [step for step in plan if "SCAN" in str(step)]


def test_a_feed_that_waits_holds_no_transaction_open(database: Database) -> None:
    """An open one would let the WAL grow without end."""
    feed = database.feed()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed.wait, 0, 60)
        database.sink.open_spool("spl_1", "nod_1", "boot")
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            until = time.monotonic() + 5
            busy = 1
            while busy and time.monotonic() < until:
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                threading.Event().wait(LOOK_SECONDS)
        assert not waiting.done()
        feed.close()
    assert busy == 0


class _Asked(Exception):
    """Enough is known: nothing is connected."""


def _asked(url: str) -> dict[str, object]:
    """What a connection to a PostgreSQL there is asked for with."""
    made = create_engine(url)
    asked: dict[str, object] = {}

    def connecting(
        _dialect: object, _record: object, _positional: object, named: dict[str, object]
    ) -> None:
        asked.update(named)
        raise _Asked

    sa.event.listen(made, "do_connect", connecting)
    with pytest.raises(_Asked):
        made.connect()
    return asked


def test_a_network_that_swallows_all_is_noticed_in_seconds() -> None:
    """The kernel's own patience is a quarter of an hour, in which nothing is booked."""
    asked = _asked("postgresql://u@h/d")
    assert asked["tcp_user_timeout"] == 10_000
    idle, often, pause = (asked[f"keepalives_{of}"] for of in ("idle", "count", "interval"))
    assert (idle, often, pause) == (5, 3, 2)


def test_an_operator_s_own_word_on_the_network_holds() -> None:
    url = "postgresql://u@h/d?tcp_user_timeout=60000&connect_timeout=20"
    asked = _asked(url)
    assert (asked["tcp_user_timeout"], asked["connect_timeout"]) == ("60000", "20")

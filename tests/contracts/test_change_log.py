"""The change log: what the data plane is told, in what order, and when."""

import os
import resource
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.adapters.database import Database, open_database
from keyhouse.adapters.database.feed import DatabaseFeed
from keyhouse.core import entities
from keyhouse.core.records import PartRef
from keyhouse.ports import StoreUnavailable
from tests.contracts import world as make
from tests.contracts.world import NOW, World

BOUND_SECONDS = 5.0
"""Far more than a feed takes, far less than its callers would wait in vain."""


@pytest.fixture
def feed(database: Database) -> Iterator[DatabaseFeed]:
    opened = database.feed()
    yield opened
    opened.close()


def change(database: Database, row: entities.Entity) -> int:
    with database.rows.writing() as rows:
        rows.update(row, updated_at=NOW + 1)
    assert rows.seq is not None
    return rows.seq


def test_an_empty_log_is_at_0(feed: DatabaseFeed) -> None:
    changes = feed.read(0)
    assert (changes.head, changes.rows, changes.forget_all) == (0, (), False)


def test_parts_of_one_transaction_have_one_number_and_one_row_each(
    feed: DatabaseFeed, world: World
) -> None:
    """Eight rows were written; the key, its access and its secret are one part."""
    changes = feed.read(0)
    assert changes.head == 1
    assert {row.seq for row in changes.rows} == {1}
    assert [row.part for row in changes.rows] == [
        PartRef("organization", world.organization.id),
        PartRef("project", world.project.id),
        PartRef("api", world.api.id),
        PartRef("application", world.application.id),
        PartRef("key", world.key.id),
    ]


@pytest.mark.parametrize(
    ("write", "part"),
    [
        (lambda rows, w: rows.update(w.organization, disabled_at=1), "organization"),
        (lambda rows, w: rows.update(w.project, disabled_at=1), "project"),
        (lambda rows, w: rows.update(w.application, disabled_at=1), "application"),
        (lambda rows, w: rows.update(w.api, disabled_at=1), "api"),
        (lambda rows, w: rows.update(w.route, cost=2), "api"),
        (lambda rows, w: rows.remove(w.route), "api"),
        (lambda rows, w: rows.update(w.key, disabled_at=1), "key"),
        (lambda rows, w: rows.remove(w.access), "key"),
        (lambda rows, w: rows.update(w.access, scopes=()), "key"),
        (lambda rows, w: rows.update(w.secret, revoked_at=1), "key"),
        (lambda rows, _: rows.insert(make.secret(2, digest=b"2" * 32)), "key"),
    ],
)
def test_each_write_that_the_data_plane_caches_is_told(
    database: Database,
    feed: DatabaseFeed,
    world: World,
    write: Callable[[object, World], None],
    part: str,
) -> None:
    with database.rows.writing() as rows:
        write(rows, world)
    changes = feed.read(1)
    assert rows.seq == changes.head == 2
    assert [row.part for row in changes.rows] == [PartRef(part, getattr(world, part).id)]


def test_what_the_data_plane_does_not_cache_is_not_told(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    with database.rows.writing() as rows:
        rows.insert(
            entities.Person(id="usr_1", email="a@b", name="A", created_at=1, updated_at=1)
        )
        rows.insert(
            entities.AuditRow(
                id="aud_1",
                at=1,
                organization_id=world.organization.id,
                provider_id="",
                consumer_id="",
                actor="operator",
                action="person.create",
                subject="usr_1",
            )
        )
    database.sink.open_spool("spl_1", "nod_1", "boot")
    assert rows.seq is None
    assert feed.read(0).head == 1


def test_order_of_numbers_is_order_of_commits(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    """A follower who goes on from what it has read misses no late commit."""
    writers, each = 6, 15
    with database.rows.writing() as rows:
        for number in range(2, 2 + writers):
            rows.insert(make.key(number))
    start = rows.seq
    assert start is not None

    def write(number: int) -> list[int]:
        return [change(database, make.key(number)) for _ in range(each)]

    seen: list[int] = []
    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write, number) for number in range(2, 2 + writers)]
        at, last = start, start + writers * each
        until = time.monotonic() + 60
        while at < last and time.monotonic() < until:
            changes = feed.wait(at, 1.0)
            assert not changes.forget_all
            seen += [row.seq for row in changes.rows]
            at = changes.head
        numbers = sorted(seq for one in running for seq in one.result())
    assert numbers == seen == list(range(start + 1, last + 1))


def test_a_transaction_that_is_not_committed_is_not_read(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    with database.rows.writing() as rows:
        rows.update(world.key, name="x")
        assert feed.read(1).rows == ()
    assert len(feed.read(1).rows) == 1


def test_wait_returns_at_its_time_when_nothing_happens(
    feed: DatabaseFeed, world: World
) -> None:
    began = time.monotonic()
    changes = feed.wait(1, 0.05)
    assert 0.04 < time.monotonic() - began < BOUND_SECONDS
    assert (changes.head, changes.rows, changes.forget_all) == (1, (), False)


def test_wait_returns_at_once_with_what_is_there(feed: DatabaseFeed, world: World) -> None:
    began = time.monotonic()
    assert feed.wait(0, 60).head == 1
    assert time.monotonic() - began < BOUND_SECONDS


def test_wait_ends_when_another_connection_commits(
    database_url: str, feed: DatabaseFeed, world: World
) -> None:
    other = open_database(database_url)
    feed.wait(1, 0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed.wait, 1, 60)
        seq = change(other, world.key)
        changes = waiting.result(BOUND_SECONDS)
    other.dispose()
    assert changes.head == seq
    assert changes.rows[0].part == PartRef("key", world.key.id)


def test_wait_ends_when_another_process_commits(
    database_url: str, feed: DatabaseFeed, world: World
) -> None:
    """A revocation by the management process reaches the gateway's process."""
    program = """
        import sys
        from keyhouse.adapters.database import open_database
        from keyhouse.core import entities
        database = open_database(sys.argv[1])
        sys.stdin.readline()
        with database.rows.writing() as rows:
            rows.update(rows.get(entities.Key, sys.argv[2]), revoked_at=7)
        database.dispose()
    """
    command = [sys.executable, "-c", textwrap.dedent(program), database_url, world.key.id]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as writer:
        assert feed.wait(1, 0.01).rows == ()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(feed.wait, 1, 60)
            writer.communicate(b"\n", timeout=60)
            changes = waiting.result(BOUND_SECONDS)
    assert writer.returncode == 0
    assert changes.rows[0].part == PartRef("key", world.key.id)


@pytest.fixture
def many_files() -> Iterator[None]:
    """More open files than the 1,024 that `select` can tell apart."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for file in files:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_wait_goes_on_in_a_process_with_thousands_of_open_files(
    database: Database, world: World
) -> None:
    """A gateway with many connections still hears of a revocation."""
    feed = database.feed()
    try:
        assert feed.wait(1, 0.01).rows == ()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(feed.wait, 1, 60)
            change(database, world.key)
            changes = waiting.result(BOUND_SECONDS)
    finally:
        feed.close()
    assert changes.rows[0].part == PartRef("key", world.key.id)


def test_close_ends_a_wait_of_another_thread(feed: DatabaseFeed) -> None:
    started = threading.Event()

    def wait() -> None:
        started.set()
        feed.wait(0, 60)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        started.wait()
        began = time.monotonic()
        feed.close()
        error = waiting.exception(BOUND_SECONDS)
    assert error is None or isinstance(error, StoreUnavailable)
    assert time.monotonic() - began < BOUND_SECONDS
    with pytest.raises(StoreUnavailable):
        feed.read(0)


def test_closing_twice_does_no_harm(feed: DatabaseFeed) -> None:
    feed.close()
    feed.close()


def test_who_is_behind_the_pruned_log_is_told_to_forget_all(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    """Else a gateway that slept for a week would keep a key revoked meanwhile."""
    for _ in range(5):
        change(database, world.key)
    assert database.upkeep.prune_changes(2, 100) > 0
    assert feed.read(1).forget_all
    assert feed.read(1).head == 6
    kept = feed.read(4)
    assert not kept.forget_all
    assert [row.seq for row in kept.rows] == [5, 6]
    assert not feed.read(6).forget_all


def test_the_log_is_pruned_a_bounded_number_at_a_time(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    """A log that grew for a day must not hold every writer up while it goes."""
    for _ in range(5):
        change(database, world.key)
    first = database.upkeep.prune_changes(2, 1)  # all rows of the first number
    assert first > 1
    assert [database.upkeep.prune_changes(2, 2) for _ in range(3)] == [2, 1, 0]
    assert [row.seq for row in feed.read(4).rows] == [5, 6]


def test_all_of_the_log_may_be_pruned(
    database: Database, feed: DatabaseFeed, world: World
) -> None:
    database.upkeep.prune_changes(0, 100)
    assert feed.read(0).forget_all
    assert not feed.read(1).forget_all
    assert change(database, world.key) == 2


def test_a_database_that_was_set_back_tells_to_forget_all(
    feed: DatabaseFeed, world: World
) -> None:
    """After a restore from backup, what was cached is from a future that is not."""
    assert feed.read(99).forget_all
    assert feed.wait(99, 60).head == 1

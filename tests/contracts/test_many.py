"""Many rows at once: the same on both databases as one after the other."""

import threading
import time

import pytest
import sqlalchemy as sa

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.inserts import Insert, insert_for
from keyhouse.adapters.database.many import add_to_rows, breathe, insert_rows, parted
from keyhouse.adapters.database.tables import budget, key_last_use

MANY = 1_203
"""More than one statement holds, and no whole number of them."""
LAST_USE = ("key_id", "secret_version", "at", "first_at")
BUDGET = (
    *("id", "provider_id", "subject_kind", "subject_id", "environment", "limit_name"),
    *("window_start", "window_end", "used", "leased", "amount"),
)


def later_one(dialect: str) -> Insert:
    insert = insert_for(dialect, key_last_use)
    return insert.on_conflict_do_update(
        index_elements=["key_id", "secret_version"],
        set_={"at": insert.excluded.at},
        where=insert.excluded.at > key_last_use.c.at,
    )


def test_rows_are_inserted_and_those_that_are_there_are_dealt_with(
    database: Database,
) -> None:
    adding = later_one(database.engine.dialect.name)
    with writing(database.engine) as connection:
        insert_rows(connection, adding, LAST_USE, ((f"key_{n}", 1, 5, 5) for n in range(7)))
        rows = [(f"key_{n}", 1, n, None) for n in range(MANY)]
        insert_rows(connection, adding, LAST_USE, rows)
        found = {
            row.key_id: (row.at, row.first_at)
            for row in connection.execute(sa.select(key_last_use))
        }
    early = {f"key_{n}": (max(n, 5), 5) for n in range(7)}
    assert found == {f"key_{n}": (n, None) for n in range(7, MANY)} | early


def test_numbers_are_added_to_the_rows_that_are_meant(database: Database) -> None:
    ids = [f'it\'s \\ "{n}" ünd 🗝 %s ? $[0]' for n in range(MANY)]
    rows = [(id, "org", "key", "key", "", "n", 0, 1, 10, 20, None) for id in ids]
    adding = insert_for(database.engine.dialect.name, budget)
    with writing(database.engine) as connection:
        insert_rows(connection, adding, BUDGET, rows)
        more = [(id, n, -n) for n, id in enumerate(ids[:-1])]
        add_to_rows(connection, budget, ("used", "leased"), [*more, ("no such", 1, 1)])
        found = {
            row.id: (row.used, row.leased) for row in connection.execute(sa.select(budget))
        }
    wanted = {id: (10 + n, 20 - n) for n, id in enumerate(ids)}
    assert found == wanted | {ids[-1]: (10, 20)}


def test_nothing_is_nothing(database: Database) -> None:
    with writing(database.engine) as connection:
        insert_rows(connection, later_one(database.engine.dialect.name), LAST_USE, [])
        add_to_rows(connection, budget, ("used",), [])
        assert not connection.execute(sa.select(key_last_use)).all()


def test_parts_keep_order_and_leave_nothing_out() -> None:
    assert [list(some) for some in parted(iter(range(7)), 3)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_who_has_worked_sleeps_and_who_has_not_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[int] = []
    breaths: list[int] = []

    def sleep(_seconds: float) -> None:
        slept.append(threading.get_ident())

    def work() -> None:
        end = time.thread_time_ns() + 2_000_000
        while time.thread_time_ns() < end:
            pass
        for _ in range(2):
            breathe()
            # Other threads of this process may sleep meanwhile.
            breaths.append(slept.count(threading.get_ident()))

    monkeypatch.setattr(time, "sleep", sleep)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert breaths == [1, 1]

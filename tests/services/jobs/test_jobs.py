"""A job is done by one process at a time, and by another once that one is gone."""

import threading
from dataclasses import dataclass

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.entities import Job
from keyhouse.services.jobs import Claim, Holding, Overtaken, Task, rounds_of
from keyhouse.services.jobs.holding import HELD_US

SECOND_US = 1_000_000
START_US = 1_760_000_000 * SECOND_US


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at_us: int = START_US

    def now_us(self) -> int:
        """The wall clock."""
        return self.at_us

    def monotonic_us(self) -> int:
        """The same."""
        return self.at_us


def _never() -> bool:
    return False


def _holding(database: Database, clock: SetClock, holder: str) -> Holding:
    return Holding(database.rows, clock, "chores", holder)


def _claimed(holding: Holding) -> Claim:
    claim = holding.claim(_never)
    assert claim is not None
    return claim


def test_a_job_is_held_by_one_process_until_it_lets_go(database: Database) -> None:
    clock = SetClock()
    one, two = _holding(database, clock, "nod_1"), _holding(database, clock, "nod_2")
    _claimed(one)
    assert two.claim(_never) is None
    _claimed(one)
    one.release(0)
    _claimed(two)
    assert one.claim(_never) is None


def test_of_many_that_ask_at_once_one_gets_it(database: Database) -> None:
    """Two that send the same reminder are one too many."""
    clock = SetClock()
    gate = threading.Barrier(4)
    got: list[str] = []

    def ask(name: str) -> None:
        holding = _holding(database, clock, name)
        gate.wait()
        if holding.claim(_never) is not None:
            got.append(name)

    threads = [threading.Thread(target=ask, args=(f"nod_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_a_holder_that_died_is_followed_after_a_while(database: Database) -> None:
    clock = SetClock()
    _claimed(_holding(database, clock, "nod_1"))
    two = _holding(database, clock, "nod_2")
    clock.at_us += HELD_US - 1
    assert two.claim(_never) is None
    clock.at_us += 1
    _claimed(two)


def test_a_clock_that_was_set_back_stops_no_job(database: Database) -> None:
    """A machine that came up a year ahead would send no webhook for a year."""
    ahead, clock = SetClock(START_US + 365 * 86_400 * SECOND_US), SetClock()
    _claimed(_holding(database, ahead, "nod_1"))
    _claimed(_holding(database, clock, "nod_2"))


def test_a_clock_that_was_set_back_puts_off_no_rare_task_for_longer_than_its_period(
    database: Database,
) -> None:
    ahead, clock = SetClock(START_US + 365 * 86_400 * SECOND_US), SetClock()
    done: list[str] = []
    first, second = (
        rounds_of(
            [Task("chores", 3600, lambda _, name=name: done.append(name))],  # type: ignore[misc]
            database.rows,
            at,
            name,
        )[0]
        for name, at in (("nod_1", ahead), ("nod_2", clock))
    )
    first.run(_never)
    second.run(_never)
    second.run(_never)
    assert done == ["nod_1", "nod_2"]


def test_clocks_that_differ_a_little_are_no_reason_to_take_a_job(
    database: Database,
) -> None:
    ahead, clock = SetClock(START_US + 30 * SECOND_US), SetClock()
    _claimed(_holding(database, ahead, "nod_1"))
    assert _holding(database, clock, "nod_2").claim(_never) is None


def test_one_that_wakes_late_writes_nothing(database: Database) -> None:
    """A process that was stopped for long must not do again what another did."""
    clock = SetClock()
    slept = _claimed(_holding(database, clock, "nod_1"))
    clock.at_us += HELD_US
    awake = _claimed(_holding(database, clock, "nod_2"))
    with database.rows.writing() as tx:
        awake.fence(tx)
    with pytest.raises(Overtaken), database.rows.writing() as tx:
        slept.fence(tx)


def test_work_in_the_job_renews_the_hold(database: Database) -> None:
    """A round that takes longer than a hold lasts is not taken away half-way."""
    clock = SetClock()
    claim = _claimed(_holding(database, clock, "nod_1"))
    for _ in range(3):
        clock.at_us += HELD_US - 1
        with database.rows.writing() as tx:
            claim.fence(tx)
    assert _holding(database, clock, "nod_2").claim(_never) is None


def test_a_hold_that_lasts_costs_no_write(database: Database) -> None:
    clock = SetClock()
    holding = _holding(database, clock, "nod_1")
    _claimed(holding)
    clock.at_us += HELD_US // 2
    _claimed(holding)
    with database.rows.reading() as tx:
        row = tx.get(Job, "chores")
    assert row is not None
    assert row.updated_at == START_US


def test_a_rare_task_is_done_once_a_period_whoever_comes(database: Database) -> None:
    """Processes that start each minute do not tidy up each minute."""
    clock = SetClock()
    done: list[str] = []
    rounds = [
        rounds_of(
            [Task("chores", 3600, lambda _, name=name: done.append(name))],  # type: ignore[misc]
            database.rows,
            clock,
            name,
        )[0]
        for name in ("nod_1", "nod_2")
    ]
    for _ in range(3):
        for one in rounds:
            one.run(_never)
    assert done == ["nod_1"]
    clock.at_us += 3600 * SECOND_US
    rounds[1].run(_never)
    assert done == ["nod_1", "nod_2"]


def test_a_frequent_task_stays_where_it_is_until_the_process_ends(
    database: Database,
) -> None:
    clock = SetClock()
    done: list[str] = []
    first, second = (
        rounds_of(
            [Task("chores", 1, lambda _, name=name: done.append(name))],  # type: ignore[misc]
            database.rows,
            clock,
            name,
        )[0]
        for name in ("nod_1", "nod_2")
    )
    for _ in range(2):
        first.run(_never)
        second.run(_never)
    first.end()
    second.run(_never)
    assert done == ["nod_1", "nod_1", "nod_2"]


def test_a_round_that_was_overtaken_ends_quietly(database: Database) -> None:
    clock = SetClock()

    def slow(claim: Claim) -> None:
        clock.at_us += HELD_US
        _claimed(_holding(database, clock, "nod_2"))
        with database.rows.writing() as tx:
            claim.fence(tx)

    (one,) = rounds_of([Task("chores", 1, slow)], database.rows, clock, "nod_1")
    one.run(_never)
    with database.rows.reading() as tx:
        row = tx.get(Job, "chores")
    assert row is not None
    assert row.holder == "nod_2"

"""Sources that guess are slowed, in a table that nobody can flood himself out of."""

import pytest

from keyhouse.services.verify.misses import A_SECOND, MissBudget
from keyhouse.services.verify.sources import (
    MISSES_A_SECOND,
    MISSES_BURST,
    Source,
    Sources,
)

NOW = 1_000_000_000
SECOND_US = 1_000_000


def miss(sources: Sources, source: Source, times: int, now_us: int = NOW) -> None:
    for _ in range(times):
        sources.charge(source, now_us)


def test_a_source_misses_so_often_and_then_waits_for_its_turn() -> None:
    sources = Sources(a_second=5, burst=10)
    for _ in range(10):
        assert sources.wait_us(1, NOW) == 0
        sources.charge(1, NOW)
    assert sources.wait_us(1, NOW) == SECOND_US // 5
    assert sources.wait_us(2, NOW) == 0
    later = NOW + SECOND_US // 5
    assert sources.wait_us(1, later) == 0
    sources.charge(1, later)
    assert sources.wait_us(1, later) == SECOND_US // 5


def test_what_was_found_was_no_miss() -> None:
    """A network all of whose keys are new to the process never waits."""
    sources = Sources(a_second=5, burst=10)
    for number in range(1000):
        assert sources.wait_us(1, NOW + number) == 0
        sources.charge(1, NOW + number)
        sources.forgive(1)


def test_a_network_in_good_standing_may_look_up_all_at_once() -> None:
    budget = MissBudget()
    admitted = 0
    while not budget.admit(1, NOW):
        admitted += 1
    assert admitted == 64
    for _ in range(admitted):
        budget.done(1, missed=False)
    assert budget.admit(1, NOW) == 0


def test_forgotten_sources_are_not_forgiven_into_the_past() -> None:
    sources = Sources()
    sources.forgive(7)
    assert len(sources) == 0


def test_a_crowd_of_others_does_not_make_a_source_forgotten() -> None:
    sources = Sources(a_second=5, burst=10, sources_max=100)
    miss(sources, "guesser", 20)
    wait_us = sources.wait_us("guesser", NOW)
    for number in range(10_000):
        sources.charge(number, NOW)
        assert len(sources) <= 100
    assert sources.wait_us("guesser", NOW) == wait_us


def test_who_has_all_units_back_makes_room() -> None:
    sources = Sources(a_second=5, burst=10, sources_max=100)
    for number in range(100):
        sources.charge(number, NOW)
    sources.charge("late", NOW + SECOND_US)
    assert len(sources) == 1


@pytest.mark.parametrize("misses_each", [1, 2, 5, 20, MISSES_BURST])
def test_no_flood_within_the_global_budget_has_anyone_forgotten(misses_each: int) -> None:
    """However it spreads over networks: the table knows what one without bounds knows."""
    bounded, unbounded = Sources(), Sources(sources_max=1 << 62)
    budget = MissBudget(sources=bounded)
    source, left, now_us = 0, misses_each, NOW
    for number in range(15 * A_SECOND):
        now_us = NOW + (number // A_SECOND) * SECOND_US
        if not budget.admit(source, now_us):
            budget.done(source, missed=True)
            unbounded.charge(source, now_us)
        left -= 1
        if not left:
            source, left = source + 1, misses_each
    assert source > 200
    assert _guilty(bounded, now_us) == _guilty(unbounded, now_us)


def _guilty(sources: Sources, now_us: int) -> dict[Source, int]:
    return {one: tat_us for one, tat_us in sources._tats.items() if tat_us > now_us}


def test_one_noisy_network_leaves_the_budget_to_others() -> None:
    budget = MissBudget()
    admitted = 0
    for number in range(20 * A_SECOND):
        now_us = NOW + number * 50  # ten seconds at ten times the global budget
        if not budget.admit("noisy", now_us):
            budget.done("noisy", missed=True)
            admitted += 1
        if number % 1000 == 0:
            assert budget.admit("quiet", now_us) == 0
            budget.done("quiet", missed=False)
    ten_seconds = 20 * A_SECOND * 50 // SECOND_US * MISSES_A_SECOND
    assert admitted <= MISSES_BURST + ten_seconds + 1

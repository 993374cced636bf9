"""The bench tells what it measured, and nothing it did not."""

from pathlib import Path

import pytest

from bench import goals, load, results
from bench.notes import NOTES
from bench.processes import BenchFailed
from bench.results import Row

FOLDER = Path(results.__file__).parent
GOOD = {"requests": 10, "duration_us": 2_000_000, "p50_us": 1, "p99_us": 2}
NO_ERRORS = {"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}


def test_a_round_of_good_answers_counts() -> None:
    assert load._sample("x", {**GOOD, **NO_ERRORS}).rate == 5.0


@pytest.mark.parametrize("error", NO_ERRORS)
def test_one_failed_answer_fails_the_round(error: str) -> None:
    with pytest.raises(BenchFailed, match=error):
        load._sample("x", {**GOOD, **NO_ERRORS, error: 1})


def test_a_round_without_answers_fails() -> None:
    with pytest.raises(BenchFailed):
        load._sample("x", {**GOOD, **NO_ERRORS, "requests": 0})


def test_a_missed_goal_is_told_with_what_the_profile_shows() -> None:
    row = results.median(goals.UNDER_CADDY, [0.1, 0.42, 0.9])
    assert (row.value, row.holds, row.reached) == (0.42, False, False)
    page = results.rendered(results.as_json([row]), {goals.UNDER_CADDY: "It is so."})
    assert "| 0.42 | 0.1 to 0.9 | >= 0.7 | **no** | >= 0.9 | **no** |" in page
    assert f"- {goals.UNDER_CADDY}: It is so." in page


def test_a_goal_that_holds_has_no_note() -> None:
    row = results.median(goals.UNDER_CADDY, [0.8])
    assert (row.holds, row.reached) == (True, False)
    assert "It is so." not in results.rendered(
        results.as_json([row]), {goals.UNDER_CADDY: "It is so."}
    )


def test_a_bound_from_above_is_one() -> None:
    row = results.single(goals.REVOKED_HERE, 19.0)
    assert (row.goal, row.holds, row.stretch, row.reached) == (
        "<= 100",
        True,
        "<= 20",
        True,
    )
    assert results.single(goals.REVOKED_HERE, 101.0).holds is False


def test_a_value_that_misses_does_not_look_as_if_it_held() -> None:
    row = results.single(goals.TO_NGINX, 0.4964)
    assert (row.value, row.holds) == (0.496, False)


def test_notes_are_about_rows_that_have_a_goal() -> None:
    assert set(NOTES) <= set(goals.GOALS)


def test_better_is_better_than_good_enough() -> None:
    for what, goal in goals.GOALS.items():
        assert goal.holds(goal.stretch), what
        assert not goal.is_reached(goal.must), what


def test_the_committed_page_says_what_the_committed_results_say() -> None:
    told = (FOLDER / "results.json").read_text("utf-8")
    assert (FOLDER / "RESULTS.md").read_text("utf-8") == results.rendered(told)


def test_rows_come_back_from_json_as_they_were() -> None:
    rows = [Row("a", 1.5, ">= 1", holds=True, spread=(1, 2)), Row("b", "words")]
    page = results.rendered(results.as_json(rows))
    assert "| a | 1.5 | 1 to 2 | >= 1 | yes |" in page
    assert "| b | words |  |  |  |" in page


def test_a_table_has_the_columns_that_it_needs() -> None:
    assert (
        results.table([Row("b", "words")])
        == "| what | value |\n| --- | --- |\n| b | words |"
    )

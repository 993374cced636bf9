"""The bench tells what it measured, and nothing it did not."""

from pathlib import Path

import pytest

from bench import load, results
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


def test_a_missed_goal_is_told() -> None:
    row = results.at_least("ratio", 1.4, [1.0, 1.3, 9.0])
    assert (row.value, row.holds, row.spread) == (1.3, False, (1.0, 9.0))
    assert "| 1.3 | 1.0 to 9.0 | >= 1.4 | **no** |" in results.table([row])


def test_the_committed_page_says_what_the_committed_results_say() -> None:
    told = (FOLDER / "results.json").read_text("utf-8")
    assert (FOLDER / "RESULTS.md").read_text("utf-8") == results.rendered(told)


def test_rows_come_back_from_json_as_they_were() -> None:
    rows = [Row("a", 1.5, ">= 1", holds=True, spread=(1, 2)), Row("b", "words")]
    page = results.rendered(results.as_json(rows))
    assert "| a | 1.5 | 1 to 2 | >= 1 | yes |" in page
    assert "| b | words |  |  |  |" in page

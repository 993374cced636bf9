"""What people type about limits becomes limits, or a problem with a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.validation import check_limits
from keyhouse.doors.console.apis.limit_rows import LimitRow, limits_of, read_rows, rows_of
from keyhouse.doors.console.apis.numbers import read_number

rates = st.builds(
    Limit,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True),
    kind=st.just(LimitKind.RATE),
    amount=st.integers(1, 10**9),
    period_seconds=st.integers(1, 86_400),
    burst=st.none() | st.integers(1, 10**6),
)
quotas = st.builds(
    Limit,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True),
    kind=st.just(LimitKind.QUOTA),
    amount=st.integers(1, 10**12),
    window=st.sampled_from(Window),
    zone=st.sampled_from(("UTC", "Europe/Berlin")),
    offset_seconds=st.integers(0, 3599),
)


def form_of(rows: list[LimitRow]) -> dict[str, str]:
    return {
        f"limits.{index}.{name}": value
        for index, row in enumerate(rows)
        for name, value in row._asdict().items()
    }


@given(st.lists(rates | quotas, max_size=4))
def test_a_form_that_is_saved_as_it_was_shown_changes_no_limit(limits: list[Limit]) -> None:
    kept, problems = limits_of(read_rows(form_of(rows_of(limits))))
    assert kept == tuple(limits)
    assert problems == []


def test_a_limit_needs_but_a_number() -> None:
    form = {
        "limits.0.kind": "rate",
        "limits.0.amount": "1,200",
        "limits.3.kind": "quota",
        "limits.3.amount": "50 000",
    }
    limits, problems = limits_of(read_rows(form))
    assert problems == []
    assert [(limit.name, limit.amount) for limit in limits] == [
        ("per-minute", 1200),
        ("daily", 50_000),
    ]
    assert check_limits("limits", limits, lambda _: True) == []


def test_rows_left_blank_are_no_limits() -> None:
    assert read_rows({"limits.0.kind": "rate", "limits.0.amount": " "}) == []


def test_a_problem_names_the_row_as_it_is_shown_again() -> None:
    form = {
        "limits.2.kind": "rate",
        "limits.2.amount": "many",
        "limits.2.burst": "-3",
        "limits.5.kind": "quota",
        "limits.5.name": "daily",
    }
    rows = read_rows(form)
    _, problems = limits_of(rows)
    assert [rows[0].amount, rows[0].burst] == ["many", "-3"]
    assert [problem.field for problem in problems] == [
        "limits.0.amount",
        "limits.0.burst",
        "limits.1.amount",
    ]


@pytest.mark.parametrize("text", ["1.5", "-1", "1e3", "٣", "0x10", "9" * 19])
def test_what_is_no_whole_number_is_told(text: str) -> None:
    assert read_number("amount", text)[1]

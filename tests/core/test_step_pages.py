"""Steps of a report a few at a time: none twice, none left out."""

from datetime import tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.grains import MINUTE_US, Cut
from keyhouse.core.step_pages import cuts_from, first_step, split_at
from keyhouse.core.steps import Step, steps_between

MARCH = 1_772_323_200 // 60
"""The first of March 2026, UTC; clocks of Berlin change on the 29th."""
DAY = 1440
ZONES = (None, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu"))
REPORTS = st.tuples(
    st.sampled_from(Step),
    st.integers(MARCH + 25 * DAY, MARCH + 30 * DAY),
    st.integers(1, 4 * DAY),
    st.sampled_from(ZONES),
)


def steps_of(cuts: list[Cut]) -> list[tuple[int, int]]:
    """Every minute of a report, and the step that it belongs to."""
    return [
        (minute, minute - (minute - cut.origin) % cut.minutes)
        for cut in cuts
        for minute in range(cut.start, cut.end)
    ]


def report(step: Step, start: int, minutes: int, zone: tzinfo | None) -> list[Cut]:
    return steps_between(step, start * MINUTE_US, (start + minutes) * MINUTE_US, zone)


@given(REPORTS, st.integers(1, 30))
def test_what_is_taken_and_what_is_left_are_the_whole(
    asked: tuple[Step, int, int, tzinfo | None], steps: int
) -> None:
    cuts = report(*asked)
    taken, rest = split_at(cuts, steps)
    assert steps_of(taken) + steps_of(rest) == steps_of(cuts)
    told = {step for _, step in steps_of(taken)}
    assert len(told) == steps if rest else len(told) <= steps
    assert told.isdisjoint({step for _, step in steps_of(rest)})


@given(REPORTS, st.data())
def test_a_report_goes_on_with_the_step_of_its_cursor(
    asked: tuple[Step, int, int, tzinfo | None], data: st.DataObject
) -> None:
    cuts = report(*asked)
    every = steps_of(cuts)
    step = data.draw(st.sampled_from(sorted({step for _, step in every})))
    rest = cuts_from(cuts, step)
    assert steps_of(rest) == [one for one in every if one[1] >= step]
    assert first_step(rest[0]) == step

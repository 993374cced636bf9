"""The steps of a report, as clocks in its zone show them."""

from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Final

from keyhouse.core.entities import Window
from keyhouse.core.grains import MINUTE_US, Cut, cuts_at, even_cuts, minutes_between
from keyhouse.core.quotas import Quota, span_of


class Step(StrEnum):
    """The length of one row of a usage report."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


SECONDS_MAX: Final = {
    Step.MINUTE: 60,
    Step.HOUR: 3600,
    Step.DAY: 86_400,
    Step.MONTH: 31 * 86_400,
}
"""How long a step is at most, but for an hour more on a day on which clocks change."""

_WINDOWS: Final = {
    Step.HOUR: Window.HOUR,
    Step.DAY: Window.DAY,
    Step.MONTH: Window.MONTH,
}


def steps_between(
    step: Step, since_us: int, until_us: int, zone: tzinfo | None
) -> list[Cut]:
    """The steps that these times touch, in a zone; None is UTC.

    They begin as the windows of quotas do. The work grows with their number.
    """
    if step is Step.MINUTE or (zone is None and step is not Step.MONTH):
        return even_cuts(since_us, until_us, SECONDS_MAX[step])
    start, end = minutes_between(since_us, until_us)
    quota = Quota("", 0, _WINDOWS[step], zone or UTC, 0)
    span = span_of(quota, start * MINUTE_US)
    edges = [span.start_us]
    while edges[-1] < end * MINUTE_US:
        edges.append(span.end_us)
        span = span_of(quota, span.end_us)
    return cuts_at([edge // MINUTE_US for edge in edges], start, end)

"""How finely usage is kept, and which grain answers what.

Times are in whole minutes since 1970, UTC. A quarter of an hour and not an hour
is the second grain: so days of every zone in use, India's and Nepal's as well,
are made of whole ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

MINUTE_US: Final = 60_000_000
DAY_MINUTES: Final = 1440
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = 1 << 62
_LAST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(minutes=1)


class Grain(IntEnum):
    """How long one row of usage is. Each begins where one of the finer ones does."""

    MINUTE = 1
    QUARTER_HOUR = 2
    DAY = 3
    """UTC's."""
    MONTH = 4
    """UTC's."""

    @property
    def coarser(self) -> "Grain | None":
        """The next one, None for the last."""
        return None if self is Grain.MONTH else Grain(self + 1)


_LENGTH: Final = {Grain.MINUTE: 1, Grain.QUARTER_HOUR: 15, Grain.DAY: DAY_MINUTES}


class Cut(NamedTuple):
    """A stretch of a report, from `start` up to `end`, that is cut into steps of so

    many minutes, one of which begins at `origin`.
    """

    start: int
    end: int
    origin: int
    minutes: int

    @property
    def is_whole(self) -> bool:
        """Whether it is one step."""
        return self.origin <= self.start and self.end <= self.origin + self.minutes


class Kept(NamedTuple):
    """Rows of one grain, from `start` up to `end`."""

    grain: Grain
    start: int
    end: int


def floor_to(grain: Grain, minute: int) -> int:
    """When the row of that grain begins in which the minute lies."""
    if grain is Grain.MONTH:
        return _minutes(_moment(minute).replace(day=1, hour=0, minute=0))
    return minute - minute % _LENGTH[grain]


def end_of(grain: Grain, start: int) -> int:
    """When the row that begins there ends."""
    if grain is Grain.MONTH:
        return floor_to(grain, _minutes(_moment(start) + timedelta(days=31)))
    return start + _LENGTH[grain]


def ceil_to(grain: Grain, minute: int) -> int:
    """When the first row of that grain begins that does so then or later."""
    start = floor_to(grain, minute)
    return start if start == minute else end_of(grain, start)


def rows_for(cut: Cut, since: Mapping[Grain, int]) -> list[Kept]:
    """The coarsest rows that answer a cut, in order of time and without a gap.

    `since` tells from when on each grain is complete; what it does not name is
    complete from the first. Of a time for which the finer grains are gone,
    those rows belong to a step that begin in it: as with minutes.
    """
    found: list[Kept] = []
    start, end = (_moved(edge, since) for edge in (cut.start, cut.end))
    below = _NEVER
    for grain in Grain:
        low = since.get(grain, 0)
        usable = [grain, *(one for one in Grain if one > grain and _fits(one, cut))]
        found += _cover(max(start, low), min(end, below), usable)
        below = min(below, low)
    return sorted(found, key=lambda kept: kept.start)


def joined(rows: Sequence[Kept], finer_than: Grain) -> Iterator[tuple[int, int]]:
    """The times of those rows that are coarser than a grain, adjoining ones as one."""
    start = end = None
    for kept in rows:
        if kept.grain <= finer_than:
            continue
        if kept.start != end:
            if start is not None and end is not None:
                yield start, end
            start = kept.start
        end = kept.end
    if start is not None and end is not None:
        yield start, end


def _moved(edge: int, since: Mapping[Grain, int]) -> int:
    """An edge, or the first after it that is there in the finest grain still kept."""
    for grain in Grain:
        edge = ceil_to(grain, edge)
        if edge >= since.get(grain, 0):
            return edge
    return since[Grain.MONTH]


def _fits(grain: Grain, cut: Cut) -> bool:
    """Whether no row of that grain lies in two steps."""
    if cut.is_whole:
        return True
    if grain is Grain.MONTH:
        return False
    length = _LENGTH[grain]
    return cut.origin % length == 0 and cut.minutes % length == 0


def _cover(start: int, end: int, usable: Sequence[Grain]) -> list[Kept]:
    """The coarsest in the middle, finer ones towards both edges. The finest is first."""
    if start >= end or not usable:
        return []
    *finer, grain = usable
    low, high = ceil_to(grain, start), floor_to(grain, end)
    if low >= high:
        return _cover(start, end, finer)
    middle = Kept(grain, low, high)
    return [*_cover(start, low, finer), middle, *_cover(high, end, finer)]


def cuts_at(edges: Sequence[int], start: int, end: int) -> list[Cut]:
    """A report from `start` up to `end` as cuts; steps begin at each of the edges.

    Edges rise, the first is not after `start` and the last not before `end`.
    """
    cuts: list[Cut] = []
    for origin, until in pairwise(edges):
        low, high = max(start, origin), min(end, until)
        if low >= high:
            continue
        minutes = until - origin
        # Months stay apart, so that rows of a month can answer each.
        alike = cuts and minutes <= DAY_MINUTES and cuts[-1].minutes == minutes
        if alike and cuts[-1].end == origin:
            cuts[-1] = cuts[-1]._replace(end=high)
        else:
            cuts.append(Cut(low, high, origin, minutes))
    return cuts


def even_cuts(since_us: int, until_us: int, step_seconds: int) -> list[Cut]:
    """Steps of one length that begin at whole multiples of it since 1970, UTC.

    A minute belongs to the report if it begins in it. Raises ValueError for a
    step that is not of whole minutes.
    """
    minutes, rest = divmod(step_seconds, 60)
    if rest or minutes < 1:
        raise ValueError("a step is one or more whole minutes")
    start, end = minutes_between(since_us, until_us)
    origin = start - start % minutes
    return [Cut(start, end, origin, minutes)] if start < end else []


def minutes_between(since_us: int, until_us: int) -> tuple[int, int]:
    """The minutes that begin in that time: the first, and the first after it.

    Of the years 1970 to 9998: nothing was counted in others, and calendars end.
    """
    first, end = (-(-at // MINUTE_US) for at in (since_us, until_us))
    return min(max(first, 0), _LAST), min(max(end, 0), _LAST)


def _moment(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


def _minutes(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(minutes=1)

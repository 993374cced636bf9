"""The secrets of a key as bars on a line of time.

Lengths are per cent of the line, so that it is as wide as the page without
its words growing or shrinking. Where an old and a new secret overlap now, the
line shows the overlap and some time around it; a bar that goes on beyond is
cut. Otherwise it shows all of the key's life.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

_MINUTE_US: Final = 60_000_000
_HOUR_US: Final = 60 * _MINUTE_US
_AHEAD: Final = 0.14
_AROUND: Final = 0.6
_BAR_LEAST: Final = 0.6


class Stretch(NamedTuple):
    """A secret's life: from when, until when (None: for ever), last used when."""

    version: int
    starts_us: int
    ends_us: int | None
    last_used_us: int | None


class Bar(NamedTuple):
    """A secret on the line. `used` is where it was last used, None if out of sight."""

    version: int
    x: float
    width: float
    used: float | None
    cut_before: bool
    cut_after: bool


class TimeLine(NamedTuple):
    """All bars, the newest first; where now is, and where two secrets overlap."""

    start_us: int
    end_us: int
    now: float
    bars: tuple[Bar, ...]
    overlap: tuple[float, float] | None


class _View(NamedTuple):
    """The piece of time that is shown."""

    start_us: int
    end_us: int

    def at(self, us: int) -> float:
        """Where on the line a moment is, in per cent, its ends at the most."""
        share = (us - self.start_us) / (self.end_us - self.start_us)
        return round(100 * min(max(share, 0.0), 1.0), 3)


def time_line(secrets: Sequence[Stretch], now_us: int) -> TimeLine:
    """The line of a key's secrets, of which there is at least one."""
    ordered = sorted(secrets, key=lambda one: one.version)
    overlap = _overlap(ordered, now_us)
    view = _around(overlap, now_us) if overlap else _whole(ordered, now_us)
    shown = [one for one in reversed(ordered) if _is_in(view, one)]
    return TimeLine(
        view.start_us,
        view.end_us,
        view.at(now_us),
        tuple(_bar(view, one) for one in shown),
        (view.at(overlap[0]), view.at(overlap[1])) if overlap else None,
    )


def _overlap(ordered: Sequence[Stretch], now_us: int) -> tuple[int, int] | None:
    """The last overlap of two secrets, while it lasts and as long again."""
    for older, newer in reversed(list(pairwise(ordered))):
        start, end = newer.starts_us, older.ends_us
        if end is not None and end > start:
            return (start, end) if now_us < 2 * end - start else None
    return None


def _around(overlap: tuple[int, int], now_us: int) -> _View:
    start, end = overlap
    margin = max(round((end - start) * _AROUND), _MINUTE_US)
    return _View(start - margin, max(end, now_us) + margin)


def _whole(ordered: Sequence[Stretch], now_us: int) -> _View:
    """From the first start to some time after now; an end soon after is in it."""
    start = min(one.starts_us for one in ordered)
    length = max(now_us - start, _HOUR_US)
    return _View(start, start + round(length * (1 + _AHEAD)))


def _is_in(view: _View, one: Stretch) -> bool:
    return one.ends_us is None or one.ends_us > view.start_us


def _bar(view: _View, one: Stretch) -> Bar:
    end_us = view.end_us if one.ends_us is None else one.ends_us
    x, end = view.at(one.starts_us), view.at(end_us)
    used = one.last_used_us
    seen = used is not None and view.start_us <= used <= view.end_us
    return Bar(
        one.version,
        min(x, 100 - _BAR_LEAST),
        max(round(end - x, 3), _BAR_LEAST),
        view.at(used) if seen and used is not None else None,
        cut_before=one.starts_us < view.start_us,
        cut_after=end_us > view.end_us or one.ends_us is None,
    )

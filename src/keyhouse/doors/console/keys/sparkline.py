"""Small charts in a row of a list, as shapes that a template draws."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from keyhouse.doors.console.keys import words

HEIGHT: Final = 20
STRIDE: Final = 4
_BAR: Final = 3
_LEAST: Final = 2


class Bar(NamedTuple):
    """One hour, in units of the drawing. `quiet` is an hour without requests."""

    x: int
    y: int
    width: int
    height: int
    quiet: bool


class Sparkline(NamedTuple):
    """The bars of a row, and what they say in words."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    label: str

    @property
    def busy(self) -> str:
        """The bars of hours with requests, as one path: a row is one of many."""
        return _path(bar for bar in self.bars if not bar.quiet)

    @property
    def quiet(self) -> str:
        """The bars of hours without."""
        return _path(bar for bar in self.bars if bar.quiet)


def sparkline(hours: Sequence[int], refused: int = 0) -> Sparkline:
    """Requests by hour, the oldest first; the busiest hour is as high as the row.

    An hour with any request can be told from one with none, however small.
    """
    most = max(hours, default=0)
    bars = tuple(_bar(index, count, most) for index, count in enumerate(hours))
    told = f"{words.counted(sum(hours), 'request')} in {len(hours)} hours"
    if refused:
        told += f", {refused:,} refused"
    return Sparkline(max(len(hours) * STRIDE - 1, 0), HEIGHT, bars, told)


def _path(bars: Iterable[Bar]) -> str:
    return "".join(f"M{b.x} {b.y}h{b.width}v{b.height}h-{b.width}z" for b in bars)


def _bar(index: int, count: int, most: int) -> Bar:
    height = max(round(HEIGHT * count / most), _LEAST) if count else 1
    return Bar(index * STRIDE, HEIGHT - height, _BAR, height, count == 0)

"""A day by hours as bars, in shapes that a template draws."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from keyhouse.services.reports import Hour

WIDTH: Final = 960
HEIGHT: Final = 120
_GAP: Final = 6
_LEAST: Final = 2


class Piece(NamedTuple):
    """One colour of a bar; `kind` is served, errors or refused."""

    kind: str
    y: int
    height: int


class Bar(NamedTuple):
    """One hour, in units of the drawing, the pieces from the bottom up."""

    x: int
    width: int
    hour: Hour
    pieces: tuple[Piece, ...]


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """A bar for each hour; the busiest is as high as the drawing.

    What happened at all can be seen, however little it was.
    """
    if not hours:
        return []
    most = max(hour.served + hour.refused for hour in hours)
    stride = WIDTH // len(hours)
    return [
        Bar(index * stride, stride - _GAP, hour, _pieces(hour, most))
        for index, hour in enumerate(hours)
    ]


def most_in(hours: Sequence[Hour]) -> int:
    """The requests of the busiest hour."""
    return max((hour.served + hour.refused for hour in hours), default=0)


def _pieces(hour: Hour, most: int) -> tuple[Piece, ...]:
    counts = {
        "served": hour.served - hour.errors,
        "errors": hour.errors,
        "refused": hour.refused,
    }
    heights = {
        kind: max(HEIGHT * count // most, _LEAST) for kind, count in counts.items() if count
    }
    above = sum(heights.values()) - HEIGHT
    if above > 0:
        heights[max(heights, key=lambda kind: heights[kind])] -= above
    bottoms = accumulate(heights.values(), initial=0)
    return tuple(
        Piece(kind, HEIGHT - bottom - height, height)
        for (kind, height), bottom in zip(heights.items(), bottoms, strict=False)
    )

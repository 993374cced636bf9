"""A report of usage a page at a time, in a memory that does not grow with the report.

A page is read by its steps, more of them with each round: so one that is full
after the first step has read that step alone, whatever is behind it.
"""

from typing import Final

from sqlalchemy.engine import Connection

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.summing import Place, Summed, as_summed, sums_of
from keyhouse.adapters.database.tables import USAGE_SUMS
from keyhouse.core.step_pages import cuts_from, first_step, split_at
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.ports import UsageWanted

_GROWTH: Final = 2


def summed_page(
    connection: Connection, wanted: UsageWanted, cursor: str | None, limit: int
) -> tuple[list[Summed], str | None]:
    """So many rows from behind a cursor, and the cursor behind them, None at the end.

    Raises ValueError for an unknown group or filter, for a cursor that is none, and
    for one of a report that is grouped otherwise.
    """
    after = None if cursor is None else _read(cursor, wanted)
    rest = list(wanted.cuts) if after is None else cuts_from(wanted.cuts, after[0])
    if after is not None and (not rest or first_step(rest[0]) != after[0]):
        after = None
    found: list[tuple[Place, list[int]]] = []
    steps = 1
    while rest and len(found) <= limit:
        part, rest = split_at(rest, steps)
        wanting = limit + 1 - len(found)
        sums = sums_of(
            connection,
            USAGE_SUMS,
            wanted._replace(cuts=part),
            after=after,
            limit=wanting,
        )
        found += [(place, sums[place]) for place in sorted(sums)[:wanting]]
        after, steps = None, steps * _GROWTH
    rows = [as_summed(place, counts, wanted.group_by) for place, counts in found[:limit]]
    return rows, _write(found[limit - 1][0], wanted) if len(found) > limit else None


def _write(place: Place, wanted: UsageWanted) -> str:
    return write_cursor("/".join([_head(wanted), *map(str, place)]))


def _read(cursor: str, wanted: UsageWanted) -> Place:
    head, *values = read_cursor(cursor).split("/")
    if head != _head(wanted) or len(values) != len(wanted.group_by) + 2:
        raise ValueError("the cursor is not one of this report")
    start, *groups, verdict = values
    if int(verdict) not in BY_NUMBER:
        raise ValueError("the cursor is not one of ours")
    return int(start), *groups, int(verdict)


def _head(wanted: UsageWanted) -> str:
    return ",".join(("usage", *wanted.group_by))

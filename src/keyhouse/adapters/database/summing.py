"""Usage summed up, of the coarsest rows that tell it: `core.grains`.

A part of what is asked is answered by rows of one grain, and by what waits of
the finer ones to be rolled up into it. All of it is read in one snapshot, so
that nothing is seen twice or not at all while it is rolled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.filters import column_of, fits, sees
from keyhouse.adapters.database.rollups import kept_since
from keyhouse.adapters.database.tables import usage_bucket, usage_rollup, usage_total
from keyhouse.core.grains import MINUTE_US, Cut, Grain, joined, rows_for
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.ports import UsageWanted

_WITHOUT_KEYS: Final = frozenset(("api", "environment", "verdict"))
"""What usage without keys is told apart by."""


class Summed(NamedTuple):
    """One row: a step's start, the grouping, the verdict's code, and the sums."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    sums: list[int]


class _Part(NamedTuple):
    """Rows of a table, of a stretch of time, and where each begins."""

    table: sa.Table
    start: sa.Column[int]
    among: list[sa.ColumnElement[bool]]


def summed(
    connection: Connection, columns: Sequence[str], wanted: UsageWanted
) -> list[Summed]:
    """The sums of these columns, in order of time, groups and verdicts.

    Raises ValueError for an unknown group or filter.
    """
    since = kept_since(connection)
    sums: dict[tuple[Any, ...], list[int]] = {}
    for cut in wanted.cuts:
        queries = [
            _query(part, cut, columns, wanted) for part in _parts(cut, since, wanted)
        ]
        if not queries:
            continue
        for row in connection.execute(sa.union_all(*queries)):
            key, counts = tuple(row[: -len(columns)]), map(int, row[-len(columns) :])
            before = sums.get(key)
            sums[key] = (
                list(counts)
                if before is None
                else [a + b for a, b in zip(before, counts, strict=True)]
            )
    return [_summed(key, sums[key], wanted.group_by) for key in sorted(sums)]


def _summed(key: tuple[Any, ...], sums: list[int], group_by: Sequence[str]) -> Summed:
    start, *groups, verdict = key
    group = dict(zip(group_by, groups, strict=True))
    return Summed(start * MINUTE_US, group, BY_NUMBER[verdict].code, sums)


def _parts(cut: Cut, since: Mapping[Grain, int], wanted: UsageWanted) -> Iterator[_Part]:
    rolled = usage_rollup
    if _WITHOUT_KEYS.issuperset((*wanted.group_by, *wanted.equals)):
        rolled = usage_total
    of = rolled.c
    rows = rows_for(cut, since)
    for kept in rows:
        # Of minutes none waits here: those are the fresh ones.
        waiting = (0,) if kept.grain is Grain.MINUTE else (0, 1)
        among = [of.grain == kept.grain, of.waiting.in_(waiting)]
        yield _part(rolled, of.start, (kept.start, kept.end), among)
    for grain in (Grain.QUARTER_HOUR, Grain.DAY):
        for times in joined(rows, grain):
            among = [of.grain == grain, of.waiting == 1]
            yield _part(rolled, of.start, times, among)
    if rows:
        times = (rows[0].start, rows[-1].end)
        yield _part(usage_bucket, usage_bucket.c.minute, times, [])


def _part(
    table: sa.Table,
    start: sa.Column[int],
    times: tuple[int, int],
    among: Iterable[sa.ColumnElement[bool]],
) -> _Part:
    return _Part(table, start, [*among, start >= times[0], start < times[1]])


def _query(
    part: _Part, cut: Cut, columns: Sequence[str], wanted: UsageWanted
) -> sa.Select[Any]:
    table = part.table
    groups = [table.c[column_of(name)] for name in wanted.group_by]
    by: list[sa.ColumnElement[Any]] = [*groups, table.c.verdict]
    if cut.is_whole:
        first = sa.literal(cut.origin, sa.BigInteger()).label("step")
    else:
        first = (part.start - (part.start - cut.origin) % cut.minutes).label("step")
        by.append(first)
    sums = (sa.func.sum(table.c[name]) for name in columns)
    seen = sees(table, wanted.organization_id)
    return (
        sa.select(first, *groups, table.c.verdict, *sums)
        .where(*part.among, seen, *fits(table, wanted.equals))
        .group_by(*by)
    )

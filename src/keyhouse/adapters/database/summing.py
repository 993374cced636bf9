"""Usage summed up, of the coarsest rows that tell it: `core.grains`.

A part of what is asked is answered by rows of one grain, and by what waits of
the finer ones to be rolled up into it. All of it is read in one snapshot, so
that nothing is seen twice or not at all while it is rolled.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.filters import (
    beside,
    fits_any,
    grouped,
    sees,
    values_of,
)
from keyhouse.adapters.database.rollups import kept_since
from keyhouse.adapters.database.tables import usage_bucket, usage_rollup, usage_total
from keyhouse.core.grains import MINUTE_US, Cut, Grain, joined, rows_for
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.ports import UsageWanted

_WITHOUT_KEYS: Final = frozenset(("api", "environment", "verdict"))
"""What usage without keys is told apart by."""


Place = tuple[Any, ...]
"""Where a row stands: the step's first minute, the groups, the verdict's number."""


class Summed(NamedTuple):
    """One row: a step's start, the grouping, the verdict's code, and the sums."""

    start_us: int
    group: Mapping[str, str]
    verdict: str
    sums: list[int]


class _Shape(NamedTuple):
    """What a statement is made for: made once, and compiled once.

    One that is `paged` gives so many rows in order; with `after` those behind a place.
    """

    table: sa.Table
    seen_as: str
    columns: tuple[str, ...]
    group_by: tuple[str, ...]
    filters: tuple[str, ...]
    is_whole: bool
    paged: bool = False
    after: bool = False


def summed(
    connection: Connection, columns: Sequence[str], wanted: UsageWanted
) -> list[Summed]:
    """The sums of these columns, in order of time, groups and verdicts.

    Raises ValueError for an unknown group or filter.
    """
    sums = sums_of(connection, columns, wanted)
    return [as_summed(place, sums[place], wanted.group_by) for place in sorted(sums)]


def sums_of(
    connection: Connection,
    columns: Sequence[str],
    wanted: UsageWanted,
    *,
    after: Place | None = None,
    limit: int | None = None,
) -> dict[Place, list[int]]:
    """The same by their places, in no order.

    With a `limit`, the first so many are among them, and told in full; with `after`
    too, those behind that place of the one step that is wanted then.
    """
    since = kept_since(connection)
    among = values_of(wanted.equals)
    among["organization"] = wanted.organization_id
    if limit is not None:
        among["limit"] = limit
    if after is not None:
        among |= {f"after_{number}": value for number, value in enumerate(after[1:])}
    sums: dict[Place, list[int]] = {}
    for cut in wanted.cuts:
        for table, seen_as, part in _parts(cut, since, wanted):
            statement = _statement(
                _Shape(
                    table,
                    seen_as,
                    tuple(columns),
                    tuple(wanted.group_by),
                    tuple(wanted.equals),
                    cut.is_whole,
                    limit is not None,
                    after is not None,
                )
            )
            for row in connection.execute(statement, {**among, **cut._asdict(), **part}):
                _add(sums, row, len(columns))
    return sums


def _add(sums: dict[Place, list[int]], row: sa.Row[Any], columns: int) -> None:
    key, counts = tuple(row[:-columns]), [int(count) for count in row[-columns:]]
    before = sums.get(key)
    if before is not None:
        counts = [sum(pair) for pair in zip(before, counts, strict=True)]
    sums[key] = counts


def as_summed(place: Place, sums: list[int], group_by: Sequence[str]) -> Summed:
    """A row as it is told."""
    start, *groups, verdict = place
    group = dict(zip(group_by, groups, strict=True))
    return Summed(start * MINUTE_US, group, BY_NUMBER[verdict].code, sums)


def _parts(
    cut: Cut, since: Mapping[Grain, int], wanted: UsageWanted
) -> Iterator[tuple[sa.Table, str, dict[str, int]]]:
    """The rows that tell a cut: of which table, as whose, and which."""
    rolled = usage_rollup
    if _WITHOUT_KEYS.issuperset((*wanted.group_by, *wanted.equals)):
        rolled = usage_total
    # One after the other, for each has an index of its own: SQLite would rather read
    # all rows of that time. A key's rows are few.
    one_by_one = rolled is usage_rollup and "key" not in wanted.equals
    seen = ("provider", "consumer") if one_by_one else ("either",)
    rows = rows_for(cut, since)
    for seen_as in seen:
        for kept in rows:
            yield rolled, seen_as, {**kept._asdict(), "kept": 0, "waiting": 1}
        for grain in (Grain.QUARTER_HOUR, Grain.DAY):
            for start, end in joined(rows, grain):
                among = {"grain": grain, "kept": 1, "waiting": 1}
                yield rolled, seen_as, {**among, "start": start, "end": end}
    if rows:
        yield usage_bucket, "either", {"start": rows[0].start, "end": rows[-1].end}


@lru_cache(maxsize=256)
def _statement(shape: _Shape) -> sa.Select[Any]:
    table = shape.table
    start = table.c.minute if table is usage_bucket else table.c.start
    groups = [grouped(table, name) for name in shape.group_by]
    origin, minutes = (
        sa.bindparam(name, type_=sa.BigInteger()) for name in ("origin", "minutes")
    )
    by: list[sa.ColumnElement[Any]] = [*groups, table.c.verdict]
    if shape.is_whole:
        first = origin.label("step")
    else:
        first = (start - (start - origin) % minutes).label("step")
        by.append(first)
    among = [start >= sa.bindparam("start"), start < sa.bindparam("end")]
    if table is not usage_bucket:
        waiting: list[sa.BindParameter[int]]
        waiting = [sa.bindparam("kept"), sa.bindparam("waiting")]
        among += [table.c.grain == sa.bindparam("grain"), table.c.waiting.in_(waiting)]
    # Plain text: SQLAlchemy looks at every function of a statement each time.
    sums: list[sa.ColumnElement[int]]
    sums = [sa.literal_column(f"SUM({name})") for name in shape.columns]
    query = (
        sa.select(first, *groups, table.c.verdict, *sums)
        .select_from(beside(table, shape.group_by))
        .where(*among, *_seen(shape))
        .where(*(fits_any(table, name) for name in shape.filters))
        .group_by(*by)
    )
    if not shape.paged:
        return query
    # Ids are ordered by their characters, environments are so in any language.
    order = [*groups, table.c.verdict]
    if shape.after:
        query = query.where(sa.tuple_(*order) > sa.tuple_(*_behind(order)))
    return query.order_by(sa.literal_column("1"), *order).limit(sa.bindparam("limit"))


def _behind(order: Sequence[sa.ColumnElement[Any]]) -> list[sa.BindParameter[Any]]:
    return [
        sa.bindparam(f"after_{number}", type_=column.type)
        for number, column in enumerate(order)
    ]


def _seen(shape: _Shape) -> list[sa.ColumnElement[bool]]:
    organization = sa.bindparam("organization", type_=sa.Text())
    table = shape.table
    if shape.seen_as == "either":
        return [sees(table, organization)]
    provides = table.c.provider_id
    if shape.seen_as == "provider":
        return [provides == organization]
    return [table.c.consumer_id == organization, provides != organization]

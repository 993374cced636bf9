"""Usage rolled up into coarser grains, and what is old deleted: `core.grains`.

Every count is in one row that waits, or in rows of one grain after the other up
to one that waits, or up to the month. What is rolled is deleted where it waited
and added to where it is kept and to where it waits next, in one transaction: so
it is counted once whenever that fails, and what comes late is rolled like all
else. Fresh minutes wait in `usage_bucket`, where nodes book.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.adding import add_usage
from keyhouse.adapters.database.inserts import insert_into, keys_of
from keyhouse.adapters.database.tables import (
    USAGE_SUMS,
    USAGE_WHEN,
    usage_bucket,
    usage_kept,
    usage_rollup,
    usage_total,
)
from keyhouse.core.grains import Grain, floor_to

_Key = tuple[Any, ...]
ANY_VERSION: Final = 0
"""Stands for all secrets of a key, which are told apart up to the quarter of an hour."""
_SINCE: Final = sa.select(usage_kept.c.grain, usage_kept.c.since)


def _names(table: sa.Table) -> tuple[str, ...]:
    return tuple(column.name for column in keys_of(table) if column.name not in USAGE_WHEN)


_KEYED: Final = _names(usage_rollup)
_TOTAL: Final = _names(usage_total)
_VERSION: Final = _KEYED.index("secret_version")


def kept_since(connection: Connection) -> dict[Grain, int]:
    """From when on each grain is complete, in minutes; of others nothing was deleted."""
    return {Grain(grain): since for grain, since in connection.execute(_SINCE)}


def is_waiting(connection: Connection, grain: Grain, before: int) -> bool:
    """Whether there is anything of that grain to be rolled up."""
    queries = [sa.select(sa.literal(1)).where(old) for old in _waits(grain, before)]
    return any(connection.execute(query.limit(1)).first() for query in queries)


def roll_up(connection: Connection, grain: Grain, before: int, rows_max: int) -> int:
    """Roll up what waits and began before that minute, a bounded number of rows;

    returns how many. The month is rolled no further.
    """
    since = kept_since(connection)
    if grain is Grain.MINUTE:
        fresh = _taken(connection, usage_bucket, usage_bucket.c.minute < before, rows_max)
        for table in (usage_rollup, usage_total):
            _move(connection, table, grain, fresh, since)
        return len(fresh)
    left = rows_max
    for table, old in zip((usage_rollup, usage_total), _waits(grain, before), strict=True):
        rows = _taken(connection, table, old, left)
        _move(connection, table, grain, rows, since)
        left -= len(rows)
        if not left:
            break
    return rows_max - left


def prune_usage(connection: Connection, grain: Grain, before: int, rows_max: int) -> int:
    """Delete old rows of a grain, a bounded number; what waits stays to be rolled up.

    Only rows of the coarser grain that are all old go, with all that is in them,
    so that what is kept is complete from then on.
    """
    since = floor_to(grain.coarser or grain, before)
    _keep_since(connection, grain, since)
    left = rows_max
    for table in (usage_rollup, usage_total):
        of = table.c
        old = sa.and_(of.grain == grain, of.waiting == 0, of.start < since)
        left -= len(_taken(connection, table, old, left))
        if not left:
            break
    return rows_max - left


def _keep_since(connection: Connection, grain: Grain, since: int) -> None:
    insert = insert_into(connection, usage_kept)
    later = insert.excluded.since > usage_kept.c.since
    statement = insert.values(grain=grain, since=since).on_conflict_do_update(
        index_elements=keys_of(usage_kept),
        set_={"since": insert.excluded.since},
        where=later,
    )
    connection.execute(statement)


def _waits(grain: Grain, before: int) -> list[sa.ColumnElement[bool]]:
    if grain is Grain.MINUTE:
        return [usage_bucket.c.minute < before]
    return [
        sa.and_(table.c.grain == grain, table.c.waiting == 1, table.c.start < before)
        for table in (usage_rollup, usage_total)
    ]


def _taken(
    connection: Connection, table: sa.Table, old: sa.ColumnElement[bool], rows_max: int
) -> list[dict[str, Any]]:
    """Delete some of the oldest rows that fit, and tell what they were."""
    keys = keys_of(table)
    oldest = keys if table is usage_bucket else [table.c.start]
    if connection.dialect.name != "sqlite":
        # By where a row lies, for the database may not know that the table has grown,
        # and would look through it for each. What a node books into at this moment
        # is passed over, and taken the next time.
        place: sa.ColumnElement[Any] = sa.literal_column("ctid")
        some = sa.select(place).select_from(table).where(old).order_by(*oldest)
        some = some.limit(rows_max).with_for_update(skip_locked=True)
        these = place == sa.any_(sa.func.array(some.scalar_subquery()))
        statement = sa.delete(table).where(these).returning(*table.c)
        return [dict(row) for row in connection.execute(statement).mappings()]
    query = sa.select(table).where(old).order_by(*oldest).limit(rows_max)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    if rows:
        each = (key == sa.bindparam(f"of_{key.name}") for key in keys)
        names = [key.name for key in keys]
        of = [{f"of_{name}": row[name] for name in names} for row in rows]
        connection.execute(sa.delete(table).where(*each), of)
    return rows


def _move(
    connection: Connection,
    table: sa.Table,
    grain: Grain,
    rows: Iterable[Mapping[str, Any]],
    since: Mapping[Grain, int],
) -> None:
    """Add rows to where they are kept, if they still are, and to the coarser grain."""
    coarser = Grain(grain + 1)
    waiting = int(coarser.coarser is not None)
    names, keys_in = (_KEYED, _keyed) if table is usage_rollup else (_TOTAL, _total)
    sums: defaultdict[_Key, list[int]] = defaultdict(lambda: [0] * len(USAGE_SUMS))
    for row in rows:
        start = row["minute" if "minute" in row else "start"]
        counts = [row[name] for name in USAGE_SUMS]
        for key in keys_in(row, grain):
            if start >= since.get(grain, 0):
                _add(sums[grain, 0, start, *key], counts)
        for key in keys_in(row, coarser):
            _add(sums[coarser, waiting, floor_to(coarser, start), *key], counts)
    columns = (*USAGE_WHEN, *names, *USAGE_SUMS)
    added = [dict(zip(columns, (*key, *sums[key]), strict=True)) for key in sorted(sums)]
    add_usage(connection, table, added)


def _add(to: list[int], counts: list[int]) -> None:
    to[:] = map(sum, zip(to, counts, strict=True))


def _keyed(row: Mapping[str, Any], grain: Grain) -> Iterable[_Key]:
    """What of a row is told apart at that grain."""
    key = [row[name] for name in _KEYED]
    if grain >= Grain.DAY:
        key[_VERSION] = ANY_VERSION
    return (tuple(key),)


def _total(row: Mapping[str, Any], _grain: Grain) -> Iterable[_Key]:
    """Of a row with keys both organizations have one, or one if they are the same."""
    if "organization_id" in row:
        return (tuple(row[name] for name in _TOTAL),)
    owners = {row["provider_id"], row["consumer_id"]} - {""}
    rest = tuple(row[name] for name in _TOTAL[1:])
    return [(owner, *rest) for owner in owners]

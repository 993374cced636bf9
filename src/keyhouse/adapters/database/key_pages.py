"""Pages of keys by any filters, in a time that does not grow with their number.

Of all filters the one that lets the fewest keys through is followed, in the
order of ids, and the others are asked of each row that it leads to: in windows
that grow, so that a page that is full at once costs no more than itself. A
page ends when it is full, or when there are no more keys. Where filters that
each let many keys through have few in common, it ends after VISITED_MAX rows,
and its cursor goes on behind them.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.key_filters import Condition, Filter, Lot, filters_of
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import key
from keyhouse.core import entities, ids
from keyhouse.ports import Page
from keyhouse.ports.keys import KeysWanted

VISITED_MAX: Final = 4000
"""Rows that one page may look at."""
_GROWTH: Final = 6
# What reads few rows by an index must not be planned as a walk through a whole table.
_NARROWLY: Final = tuple(
    f"SET LOCAL {name} = off"
    for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")
)
_Statement = sa.Select[Any]


class _Window(NamedTuple):
    """A stretch of the lot that is followed: how many ids, and the last of them."""

    size: int
    last: str | None


def page_of_keys(
    connection: Connection, wanted: KeysWanted, after: str | None, limit: int
) -> Page:
    """Keys that fit, the newest id first, from behind cursor `after`.

    Raises ValueError for a cursor that is not one of ours.
    """
    if limit < 1:
        raise ValueError("a page holds at least one row")
    place = None if after is None else read_cursor(after)
    if connection.dialect.name == "postgresql":
        for setting in _NARROWLY:
            connection.exec_driver_sql(setting)
    filters = filters_of(wanted)
    lot = _fewest(connection, [one.lot for one in filters if one.lot is not None])
    floor = _floor(wanted)
    found: list[entities.Key] = []
    # What must be gathered for each window is looked at in one.
    size, visited = 4 * (limit + 1) if lot.ordered else VISITED_MAX, 0
    while True:
        size = min(size, VISITED_MAX - visited)
        window = _window(lot, place, floor, size)
        found += _fitting(connection, window, filters, limit + 1 - len(found))
        if len(found) > limit:
            return Page(found[:limit], write_cursor(found[limit - 1].id))
        end = _end_of(connection, window)
        if end.size < size or end.last is None:
            return Page(found, None)
        visited += end.size
        if visited >= VISITED_MAX:
            return Page(found, write_cursor(end.last))
        place, size = end.last, size * _GROWTH


def keys_deleted_before(
    connection: Connection, before_us: int, rows_max: int
) -> Sequence[entities.Key]:
    """Keys that were deleted before, of all organizations, the longest ago first."""
    mapper = mapper_of(entities.Key)
    query = (
        sa.select(mapper.table)
        .where(key.c.deleted_at < before_us)
        .order_by(key.c.deleted_at, key.c.id)
        .limit(rows_max)
    )
    return [mapper.row(row) for row in connection.execute(query)]


def _fewest(connection: Connection, lots: Sequence[Lot]) -> Lot:
    """The lot to follow: the smallest, of those that are many the first in order."""
    counted = [(_count(connection, lot), place) for place, lot in enumerate(lots[:-1])]
    small = [(count, place) for count, place in counted if count <= lots[place].few]
    if small:
        _, place = min(small)
        return lots[place]
    return next(lot for lot in lots if lot.ordered)


def _count(connection: Connection, lot: Lot) -> int:
    """How many ids are in a lot, as far as is few and one more."""
    some = sa.select(lot.id.label("id")).where(*lot.where).limit(lot.few + 1).subquery()
    query = sa.select(sa.func.count()).select_from(some)
    found: int = connection.execute(query).scalar_one()
    return found


def _floor(wanted: KeysWanted) -> str | None:
    """The least id that a key can have which was made since then: ids tell the time."""
    since = wanted.created_since_us
    if since is None:
        return None
    return ids.make_id(ids.KEY, max(since, 0), bytes(ids.ENTROPY_BYTES))


def _window(lot: Lot, place: str | None, floor: str | None, size: int) -> sa.CTE:
    bounds: list[Condition] = []
    if place is not None:
        bounds.append(lot.id < place)
    if floor is not None:
        bounds.append(lot.id >= floor)
    query: _Statement = sa.select(lot.id.label("id")).where(*lot.where, *bounds)
    if not lot.ordered:
        every = query.distinct().cte("every").prefix_with("MATERIALIZED")
        query = sa.select(every.c.id)
        return _in_order(query, every.c.id, size)
    return _in_order(query, lot.id, size)


def _in_order(query: _Statement, id: sa.ColumnElement[str], size: int) -> sa.CTE:
    return query.order_by(id.desc()).limit(size).cte("seen").prefix_with("MATERIALIZED")


def _fitting(
    connection: Connection, window: sa.CTE, filters: Sequence[Filter], limit: int
) -> list[entities.Key]:
    conditions = [condition for one in filters for condition in one.conditions]
    mapper = mapper_of(entities.Key)
    query = (
        sa.select(mapper.table)
        .where(key.c.id.in_(sa.select(window.c.id)), *conditions)
        .order_by(key.c.id.desc())
        .limit(limit)
    )
    return [mapper.row(row) for row in connection.execute(query)]


def _end_of(connection: Connection, window: sa.CTE) -> _Window:
    query = sa.select(sa.func.count(), sa.func.min(window.c.id))
    return _Window(*connection.execute(query).one())

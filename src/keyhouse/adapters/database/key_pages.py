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
from keyhouse.adapters.database.key_filters import Filter, all_keys, filters_of
from keyhouse.adapters.database.key_lots import Condition, Stretch, followed
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.narrowly import read_narrowly
from keyhouse.adapters.database.tables import key
from keyhouse.core import entities, ids
from keyhouse.ports import Page
from keyhouse.ports.keys import KeysWanted

VISITED_MAX: Final = 2500
"""Rows that one page may look at."""
_GROWTH: Final = 6


class _End(NamedTuple):
    """Where a window of the lot that is followed ends: how many ids, and the last."""

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
    read_narrowly(connection)
    stretch = Stretch(place, _floor(wanted))
    filters = filters_of(wanted)
    lots = [one.lot for one in filters if one.lot is not None]
    lot = followed(connection, lots, all_keys(wanted.organization_id), stretch)
    if lot is None:
        return Page([], None)
    found: list[entities.Key] = []
    # What must be gathered for each window is looked at in one.
    size, visited = VISITED_MAX if lot.each is None else 4 * (limit + 1), 0
    while True:
        size = min(size, VISITED_MAX - visited)
        window = lot.newest(stretch, size).cte("seen").prefix_with("MATERIALIZED")
        fitting, end = _looked_at(connection, window, filters, limit + 1 - len(found))
        found += fitting
        if len(found) > limit:
            return Page(found[:limit], write_cursor(found[limit - 1].id))
        if end.size < size or end.last is None:
            return Page(found, None)
        visited += end.size
        if visited >= VISITED_MAX:
            return Page(found, write_cursor(end.last))
        stretch, size = stretch._replace(below=end.last), size * _GROWTH


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


def _floor(wanted: KeysWanted) -> str | None:
    """The least id that a key can have which was made since then: ids tell the time."""
    since = wanted.created_since_us
    if since is None:
        return None
    return ids.make_id(ids.KEY, max(since, 0), bytes(ids.ENTROPY_BYTES))


def _looked_at(
    connection: Connection, window: sa.CTE, filters: Sequence[Filter], limit: int
) -> tuple[list[entities.Key], _End]:
    """So many keys of a window that fit, and its end."""
    conditions = [condition for one in filters for condition in one.conditions]
    if connection.dialect.name == "sqlite":
        query = _among(window, conditions)
    else:
        query = _one_by_one(window, conditions)
    fitting = query.limit(limit).subquery()
    end = sa.select(
        sa.func.count().label("size"), sa.func.min(window.c.id).label("last")
    ).subquery()
    both = sa.select(end, fitting).outerjoin_from(end, fitting, sa.true())
    rows = connection.execute(both.order_by(fitting.c.id.desc())).all()
    mapper = mapper_of(entities.Key)
    found = [mapper.row(row[2:]) for row in rows if row[2] is not None]
    return found, _End(rows[0].size, rows[0].last)


def _among(window: sa.CTE, conditions: Sequence[Condition]) -> sa.Select[Any]:
    """The keys of a window, as SQLite looks them up by their ids."""
    ids = sa.select(window.c.id)
    return sa.select(key).where(key.c.id.in_(ids), *conditions).order_by(key.c.id.desc())


def _one_by_one(window: sa.CTE, conditions: Sequence[Condition]) -> sa.Select[Any]:
    """The same for PostgreSQL, which without statistics would begin with all keys

    for which some condition holds. The offset keeps the two apart.
    """
    ids = sa.select(window.c.id).distinct().subquery()
    one = sa.select(key).where(key.c.id == ids.c.id, *conditions).offset(0).lateral()
    return sa.select(one).join_from(ids, one, sa.true()).order_by(one.c.id.desc())

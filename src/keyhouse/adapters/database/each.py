"""One thing of each of many, in one statement: what a page tells of all its rows.

What is looked at for each is bounded, and found by an index.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.ledger import budget_id
from keyhouse.adapters.database.many import IDS_MAX, parted
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.narrowly import read_narrowly
from keyhouse.adapters.database.tables import budget
from keyhouse.core import entities
from keyhouse.core.quotas import Budget, Span

E = TypeVar("E", bound=entities.Entity)


def these(values: Sequence[str]) -> sa.CTE:
    """The values as rows of one column, `value`."""
    column = sa.column("value", sa.Text())
    return sa.values(column, name="these").data([(value,) for value in values]).cte()


def count_each(
    connection: Connection,
    kind: type[entities.Entity],
    column: str,
    values: Sequence[str],
    most: int,
) -> Mapping[str, int]:
    """How many rows have each of these values there, each counted up to `most`."""
    if not values:
        return {}
    read_narrowly(connection)
    each, own = these(values), mapper_of(kind).column(column)
    rows = sa.select(own).where(own == each.c.value).limit(most).correlate(each)
    count = sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()
    query = sa.select(each.c.value, count)
    return dict(connection.execute(query).all())


def newest_each(
    connection: Connection, kind: type[E], column: str, values: Sequence[str]
) -> list[E]:
    """Of the rows with each of these values there, the one with the newest id."""
    if not values:
        return []
    read_narrowly(connection)
    mapper = mapper_of(kind)
    each, ids = these(values), mapper.table.c.id
    newest = sa.select(ids).where(mapper.column(column) == each.c.value)
    newest = newest.order_by(ids.desc()).limit(1).correlate(each)
    found = sa.select(newest.scalar_subquery()).select_from(each)
    query = sa.select(mapper.table).where(ids.in_(found)).order_by(ids)
    return [mapper.row(row) for row in connection.execute(query)]


def spent_of(
    connection: Connection, wanted: Sequence[tuple[Budget, Span]]
) -> list[tuple[int, int]]:
    """Units booked as used and units leased, of each of these, in their order.

    What came back of a call may be booked before what it had reserved.
    """
    ids = [budget_id(of, span) for of, span in wanted]
    query = sa.select(budget.c.id, budget.c.used, budget.c.leased)
    found: dict[str, tuple[int, int]] = {
        row.id: (max(row.used, 0), row.leased)
        for batch in parted(ids, IDS_MAX)
        for row in connection.execute(query.where(budget.c.id.in_(batch)))
    }
    return [found.get(id, (0, 0)) for id in ids]

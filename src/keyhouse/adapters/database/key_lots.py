"""Where keys are found by an index: the lots, and which of several is followed.

A lot holds the ids of the keys that a filter lets through. One in the order of
ids is read from its newest end on; so is one of a few parts that are each in
that order. Any other has to be gathered whole, or not at all.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Condition = sa.ColumnElement[bool]

PARTS_MAX: Final = 16
FEW: Final = 8_000
"""So many ids may be gathered and sorted for a page."""
_PROBED: Final = 256
"""How far each lot is read to learn how close together its ids are."""
_Statement = sa.Select[Any] | sa.CompoundSelect[Any]


class Parts(NamedTuple):
    """What tells the parts of a lot: a value of `column`, or one of `others`."""

    column: sa.ColumnElement[Any]
    values: sa.Select[Any] | tuple[str, ...]
    others: tuple[Condition, ...] = ()


class Lot(NamedTuple):
    """Ids of keys: a column, and what holds in the rows that it is read from.

    `whole` holds as well, unless the lot is read by its `parts`, of which it
    is made where those rows are not in the order of ids.
    """

    id: sa.ColumnElement[str]
    where: tuple[Condition, ...]
    whole: tuple[Condition, ...] = ()
    parts: Parts | None = None


class Stretch(NamedTuple):
    """The ids below `below` and from `floor` on; None for no bound."""

    below: str | None = None
    floor: str | None = None

    def bounds(self, id: sa.ColumnElement[str]) -> Iterator[Condition]:
        """What holds of an id in it."""
        if self.below is not None:
            yield id < self.below
        if self.floor is not None:
            yield id >= self.floor


class Followed(NamedTuple):
    """A lot as it is read: `each` is what holds in its parts, None for one that

    is gathered. PostgreSQL wants each part `bounded`: it would sort all of them.
    SQLite would read each to that bound, and otherwise reads what it needs.
    """

    lot: Lot
    each: tuple[tuple[Condition, ...], ...] | None
    bounded: bool = False

    def newest(self, stretch: Stretch, size: int) -> _Statement:
        """So many of its ids, the newest first."""
        id, each = self.lot.id, self.each
        if each is None:
            whole = sa.select(id.label("id")).where(*self.lot.where, *self.lot.whole)
            every = whole.distinct().cte("every").prefix_with("MATERIALIZED")
            # Asked behind the gathering: they would lead to another index.
            ids = sa.select(every.c.id).where(*stretch.bounds(every.c.id))
            return ids.order_by(every.c.id.desc()).limit(size)
        parts = [
            sa.select(id.label("id")).where(*self.lot.where, *part, *stretch.bounds(id))
            for part in each
        ]
        if len(parts) == 1:
            return parts[0].order_by(id.desc()).limit(size)
        if self.bounded:
            ends = (part.order_by(id.desc()).limit(size).subquery() for part in parts)
            parts = [sa.select(part.c.id) for part in ends]
        # Merged as they are read. What is in two parts comes twice.
        return sa.union_all(*parts).order_by(sa.desc("id")).limit(size)


def followed(
    connection: Connection, lots: Sequence[Lot], every: Lot, stretch: Stretch
) -> Followed | None:
    """The lot to follow in that stretch; None where one of them is empty.

    One in order that ends soon goes before one that is gathered, and that
    before the one in order whose ids are the farthest apart. `every` is all
    keys, which is followed where nothing narrows it.
    """
    resolved = [_resolved(connection, lot) for lot in lots]
    if any(one.each == () for one in resolved):
        return None
    ordered = [one for one in resolved if one.each is not None]
    gathered = [one for one in resolved if one.each is None]
    if len(resolved) == len(ordered) == 1:
        return ordered[0]
    ends = _ends(connection, ordered, stretch)
    short = [one for one, end in zip(ordered, ends, strict=True) if end is None]
    if short:
        return short[0]
    counted = [(_count(connection, one.lot), at) for at, one in enumerate(gathered)]
    size, at = min(counted, default=(FEW + 1, 0))
    if size <= FEW:
        return gathered[at]
    if not ordered:
        return Followed(every, ((),))
    return ordered[min(range(len(ends)), key=lambda at: ends[at] or "")]


def _resolved(connection: Connection, lot: Lot) -> Followed:
    if lot.parts is None:
        return Followed(lot, (lot.whole,))
    column, values, others = lot.parts
    found: Sequence[str]
    if isinstance(values, tuple):
        found = values
    else:
        found = connection.execute(values.limit(PARTS_MAX + 1)).scalars().all()
    if len(found) > PARTS_MAX:
        return Followed(lot, None)
    each = (*((column == value,) for value in found), *((other,) for other in others))
    bounded = connection.dialect.name == "postgresql"
    return Followed(lot, each, bounded)


def _ends(
    connection: Connection, lots: Sequence[Followed], stretch: Stretch
) -> Sequence[str | None]:
    """The id that so many of each lot's are at or above; None where it has fewer."""
    if not lots:
        return ()
    ends = []
    for one in lots:
        ids = one.newest(stretch, _PROBED).subquery()
        query = sa.select(ids.c.id).order_by(ids.c.id.desc()).limit(1)
        ends.append(query.offset(_PROBED - 1).scalar_subquery())
    return tuple(connection.execute(sa.select(*ends)).one())


def _count(connection: Connection, lot: Lot) -> int:
    """How many ids are in a lot, as far as is few and one more."""
    query = sa.select(lot.id.label("id")).where(*lot.where, *lot.whole).limit(FEW + 1)
    counted = sa.select(sa.func.count()).select_from(query.subquery())
    found: int = connection.execute(counted).scalar_one()
    return found

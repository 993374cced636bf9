"""The rows of the control plane: `ports.Rows`, one implementation for all kinds."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from keyhouse.adapters.database import rollups, rotation
from keyhouse.adapters.database.change_log import part_of, write_changes
from keyhouse.adapters.database.conflicts import (
    conflict_of,
    is_reference,
    missing_reference,
)
from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.each import count_each, newest_each, spent_of
from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import Values, insert_many
from keyhouse.adapters.database.key_pages import keys_deleted_before, page_of_keys
from keyhouse.adapters.database.key_tallies import tally_keys
from keyhouse.adapters.database.key_words import (
    add_words,
    add_words_of_many,
    change_words,
    drop_words,
    drop_words_of_many,
)
from keyhouse.adapters.database.ledger import spend_now, used_of
from keyhouse.adapters.database.mapper import Mapper, mapper_of, plain
from keyhouse.adapters.database.secret_use import last_used
from keyhouse.adapters.database.tables import key_last_use
from keyhouse.core import entities
from keyhouse.core.grains import Grain
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.records import PartRef  # noqa: TC001 - as elsewhere, imports stand in one place
from keyhouse.ports import (
    Clash,
    Conflict,
    KeysWanted,
    KeyTally,
    Page,
    Planned,
    Range,
    Waiting,
)

E = TypeVar("E", bound=entities.Entity)
LATE_US: Final = 60_000_000
"""No transaction of ours lasts longer: each statement and each wait in it ends sooner."""


class DatabaseRows:
    """`ports.Rows` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Generator["DatabaseTransaction"]:
        """A read-only transaction on one snapshot."""
        with reading(self._engine) as connection:
            yield DatabaseTransaction(connection, writes=False)

    @contextmanager
    def writing(self) -> Generator["DatabaseTransaction"]:
        """A short writing transaction; commits unless an exception leaves it."""
        with writing(self._engine) as connection:
            transaction = DatabaseTransaction(connection, writes=True)
            yield transaction
            number = write_changes(connection, transaction.changed)
        transaction.seq = number


class DatabaseTransaction:
    """`ports.WritingTransaction`, and `ports.Transaction` when it only reads.

    What a writing transaction has got with `get` stays as it is until its
    end: PostgreSQL locks the row, SQLite has one writer at a time.
    """

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        self._connection = connection
        self._writes = writes
        self.changed: dict[PartRef, None] = {}
        self.seq: int | None = None

    def get(self, kind: type[E], id: str, /) -> E | None:
        """The row with that id."""
        mapper = mapper_of(kind)
        query = sa.select(mapper.table).where(mapper.table.c.id == id)
        if self._writes:
            query = query.with_for_update(key_share=True)
        row = self._connection.execute(query).first()
        return None if row is None else mapper.row(row)

    def find(self, kind: type[E], /, **equals: object) -> list[E]:
        """All rows that fit, by id."""
        if () in equals.values():
            return []
        mapper = mapper_of(kind)
        query = sa.select(mapper.table).where(*_fits(mapper, equals))
        rows = self._connection.execute(query.order_by(mapper.table.c.id))
        return [mapper.row(row) for row in rows]

    def page(
        self,
        kind: type[E],
        /,
        *,
        after: str | None,
        limit: int,
        contains: Mapping[str, str] | None = None,
        within: Mapping[str, Range] | None = None,
        unless: Mapping[str, Sequence[str]] | None = None,
        either: Mapping[str, object] | None = None,
        **equals: object,
    ) -> Page:
        """Rows that fit, the newest id first, from behind cursor `after`."""
        if limit < 1:
            raise ValueError("a page holds at least one row")
        mapper = mapper_of(kind)
        ids = mapper.table.c.id
        conditions = [*_fits(mapper, equals), *_ranged(mapper, within)]
        for name, part in (contains or {}).items():
            column = mapper.column(name)
            conditions.append(column.icontains(plain(part), autoescape=True))
        for name, values in (unless or {}).items():
            column = mapper.column(name)
            conditions.append(sa.or_(column.is_(None), column.not_in(values)))
        if after is not None:
            conditions.append(ids < read_cursor(after))
        query = _first(mapper, conditions, either, ids.desc(), limit + 1)
        found = self._connection.execute(query)
        rows = [mapper.row(row) for row in found]
        more = len(rows) > limit
        return Page(rows[:limit], write_cursor(rows[limit - 1].id) if more else None)

    def stretch(
        self,
        kind: type[E],
        /,
        *,
        after: str,
        limit: int,
        within: Mapping[str, Range] | None = None,
        either: Mapping[str, object] | None = None,
        **equals: object,
    ) -> list[E]:
        """Rows that fit, the oldest id first, from behind the id `after` ('' for none)."""
        mapper = mapper_of(kind)
        ids = mapper.table.c.id
        conditions = [ids > after, *_fits(mapper, equals), *_ranged(mapper, within)]
        query = _first(mapper, conditions, either, ids.asc(), limit)
        found = self._connection.execute(query)
        return [mapper.row(row) for row in found]

    @property
    def late_us(self) -> int:
        """How much older than now a row may be that is not to be seen yet.

        On SQLite one writes at a time, and reads the clock in its turn.
        """
        return 0 if self._connection.dialect.name == "sqlite" else LATE_US

    def page_of_keys(self, wanted: KeysWanted, *, after: str | None, limit: int) -> Page:
        """Keys that fit, the newest id first, from behind cursor `after`."""
        return page_of_keys(self._connection, wanted, after, limit)

    def tally_keys(
        self, wanted: KeysWanted, application_ids: Sequence[str], looked_at_max: int
    ) -> Mapping[str, KeyTally]:
        """For each application what there is of its newest keys that fit."""
        return tally_keys(self._connection, wanted, application_ids, looked_at_max)

    def count_each(
        self, kind: type[entities.Entity], column: str, values: Sequence[str], most: int
    ) -> Mapping[str, int]:
        """How many rows have each of these values there, each counted up to `most`."""
        return count_each(self._connection, kind, column, values, most)

    def newest_each(self, kind: type[E], column: str, values: Sequence[str]) -> list[E]:
        """Of the rows with each of these values there, the one with the newest id."""
        return newest_each(self._connection, kind, column, values)

    def keys_deleted_before(self, before_us: int, rows_max: int) -> Sequence[entities.Key]:
        """Keys that were deleted before, the longest ago first."""
        return keys_deleted_before(self._connection, before_us, rows_max)

    def last_used(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """When each key was last seen with a valid secret of it, in µs."""
        return last_used(self._connection, key_ids)

    def forget_use(self, key_id: str) -> None:
        """Forget when a key's secrets were last used."""
        if not self._writes:
            raise TypeError("this transaction only reads")
        theirs = key_last_use.c.key_id == key_id
        self._connection.execute(sa.delete(key_last_use).where(theirs))

    def spent(self, budget: Budget, span: Span) -> tuple[int, int]:
        """Units booked as used, and units leased and not yet settled.

        What came back of a call may be booked before what it had reserved.
        """
        used, leased = used_of(self._connection, budget, span)
        return max(used, 0), leased

    def spent_of(self, wanted: Sequence[tuple[Budget, Span]]) -> list[tuple[int, int]]:
        """As `spent`, of many budgets, in their order."""
        return spent_of(self._connection, wanted)

    def spend(self, budget: Budget, span: Span, limit: int, units: int) -> bool:
        """Book units as used; False, and nothing is, where less than that is left."""
        if not self._writes:
            raise TypeError("this transaction only reads")
        return spend_now(self._connection, budget, span, limit, units)

    def waiting(self, limit: int) -> list[Waiting]:
        """Secrets that wait for a newer one that has been used; at most so many."""
        return rotation.waiting(self._connection, limit)

    def keys_with_dates(
        self,
        organization_id: str | None,
        *,
        after: str | None,
        limit: int,
        ends_from_us: int,
        ends_until_us: int,
    ) -> Page:
        """Ids of keys with a schedule, and of those that end in that time, by id."""
        ends_us = (ends_from_us, ends_until_us)
        return rotation.keys_with_dates(
            self._connection, organization_id, after, limit, ends_us
        )

    def plans_with_schedule(self, application_ids: Sequence[str]) -> list[Planned]:
        """What these applications open by plans that have a schedule of rotation."""
        return rotation.plans_with_schedule(self._connection, application_ids)

    def usage_waits(self, grain: Grain, before: int) -> bool:
        """Whether there is usage of that grain to be rolled up."""
        return rollups.is_waiting(self._connection, grain, before)

    def roll_up_usage(self, grain: Grain, before: int, rows_max: int) -> int:
        """Roll usage that began before that minute up into the coarser grain."""
        if not self._writes:
            raise TypeError("this transaction only reads")
        return rollups.roll_up(self._connection, grain, before, rows_max)

    def insert(self, row: entities.Entity) -> None:
        """Add a row. Raises Conflict when a unique column is taken.

        A row that it refers to and that does not exist is a Conflict as well,
        on the referring column. The transaction can go on after it.
        """
        mapper = mapper_of(type(row))
        values = mapper.values(row)
        self._write(mapper, sa.insert(mapper.table).values(values), values)
        add_words(self._connection, row)
        self._note(row)

    def update(self, row: E, **changes: object) -> E:
        """Write changed columns and return the new row, as it is now stored.

        Raises LookupError when the row is gone, and Conflict as `insert` does.
        """
        mapper = mapper_of(type(row))
        if not changes:
            return row
        values = mapper.some(changes)
        statement = (
            sa.update(mapper.table)
            .where(mapper.table.c.id == row.id)
            .values(values)
            .returning(*mapper.table.c)
        )
        rows = self._write(mapper, statement, values)
        if not rows:
            raise LookupError(f"{row.id} is gone")
        self._note(row)
        new = mapper.row(rows[0])
        change_words(self._connection, row, new)
        self._note(new)
        return new

    def remove(self, row: entities.Entity) -> None:
        """Delete a row for good. Raises Conflict while others refer to it."""
        mapper = mapper_of(type(row))
        statement = sa.delete(mapper.table).where(mapper.table.c.id == row.id)
        self._write(mapper, statement, {})
        drop_words(self._connection, row)
        self._note(row)

    def add_many(self, rows: Sequence[entities.Entity]) -> None:
        """Add rows of one kind that nobody can have cached or will look for yet."""
        if not rows:
            return
        mapper = mapper_of(type(rows[0]))
        values = [mapper.values(row) for row in rows]
        adding, given = insert_many(self._connection, mapper.table, values)
        self._write(mapper, adding, values[0], given)
        add_words_of_many(self._connection, rows)

    def remove_many(self, kind: type[entities.Entity], /, **equals: object) -> int:
        """Delete rows that nobody can have cached, and tell how many there were."""
        mapper = mapper_of(kind)
        columns = list(mapper.table.primary_key.columns)
        statement = sa.delete(mapper.table).where(*_fits(mapper, equals))
        gone = self._write(mapper, statement.returning(*columns), {})
        if kind is entities.Key:
            drop_words_of_many(self._connection, [row.id for row in gone])
        return len(gone)

    def touch(self, row: entities.Entity) -> None:
        """Have the change log tell of a row in which nothing was written."""
        self._note(row)

    def _write(
        self,
        mapper: Mapper[Any],
        statement: sa.UpdateBase,
        values: dict[str, Any],
        given: Values | Mapping[str, Any] | None = None,
    ) -> list[sa.Row[Any]]:
        """Execute in a savepoint, so that PostgreSQL can go on after a conflict.

        `given` is what the statement is executed with, where that is not in it.
        """
        if not self._writes:
            raise TypeError("this transaction only reads")
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(statement, given)
                return list(result) if result.returns_rows else []
        except IntegrityError as error:
            conflict = conflict_of(error, mapper.table)
            if conflict is None and is_reference(error):
                field = missing_reference(self._connection, mapper.table, values)
                clash = Clash.MISSING if field else Clash.NEEDED
                conflict = Conflict(field or "id", clash)
            if conflict is None:
                raise
            raise conflict from error

    def _note(self, row: entities.Entity) -> None:
        part = part_of(row)
        if part is not None:
            self.changed[part] = None


def _fits(mapper: Mapper[Any], equals: Mapping[str, object]) -> list[Any]:
    conditions = []
    for name, value in mapper.some(equals).items():
        column = mapper.column(name)
        conditions.append(column.in_(value) if isinstance(value, list) else column == value)
    return conditions


def _first(
    mapper: Mapper[Any],
    conditions: Sequence[sa.ColumnElement[bool]],
    either: Mapping[str, object] | None,
    order: sa.ColumnElement[Any],
    limit: int,
) -> sa.Select[Any]:
    """The first rows in that order under all conditions and, if given, either of some.

    Of each of these as many are looked up as are wanted, by its own index: with
    OR the database would read all and sort them.
    """
    ids = mapper.table.c.id
    found = sa.select(mapper.table).where(*conditions)
    if either:
        some = (
            sa.select(ids).where(one, *conditions).order_by(order).limit(limit).subquery()
            for one in _fits(mapper, either)
        )
        union = sa.union(*(sa.select(each.c.id) for each in some))
        found = sa.select(mapper.table).where(ids.in_(union))
    return found.order_by(order).limit(limit)


def _ranged(
    mapper: Mapper[Any], within: Mapping[str, Range] | None
) -> list[sa.ColumnElement[bool]]:
    conditions = []
    for name, (first, end) in (within or {}).items():
        column = mapper.column(name)
        if first is not None:
            conditions.append(column >= first)
        if end is not None:
            conditions.append(column < end)
    return conditions

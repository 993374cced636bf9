"""Where usage is booked: `ports.UsageSink`."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.adding import adding_to
from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import Insert, insert_for, insert_into, keys_of
from keyhouse.adapters.database.ledger import (
    BATCH,
    leases_of,
    lock_budgets,
    move,
    outstanding,
)
from keyhouse.adapters.database.log_writing import amend_log, storable, write_log
from keyhouse.adapters.database.many import add_to_rows, breathe, insert_rows
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.marking import mark_used
from keyhouse.adapters.database.observing import observe
from keyhouse.adapters.database.tables import (
    USAGE_SUMS,
    alert,
    key_last_use,
    key_network,
    lease,
    node,
    spool,
    usage_bucket,
)
from keyhouse.core.addresses import format_source_network
from keyhouse.core.entities import Alert
from keyhouse.core.usage import Bucket, BucketKey, KeyPlace, UsageBatch, Use

_BUCKET: Final = ("minute", *Use._fields, "verdict", *USAGE_SUMS)
_LAST_USE: Final = ("key_id", "secret_version", "at", "first_at")
KNOWN_AGAIN_US: Final = 6 * 3600 * 1_000_000
"""A network that a call came from within so long is not written down once more."""
# As it stands: many rows are written by a statement that has no room for it.
_KNOWN_AGAIN: Final[sa.ColumnElement[int]] = sa.literal_column(str(KNOWN_AGAIN_US))
_NETWORK: Final = ("id", "key_id", "network", "first_at", "last_at")
_BOOK = (
    sa.update(spool)
    .where(spool.c.id == sa.bindparam("of"), spool.c.booked == sa.bindparam("start"))
    .values(booked=sa.bindparam("end"))
)
_BOOKED = sa.select(spool.c.booked).where(spool.c.id == sa.bindparam("of"))


class DatabaseUsageSink:
    """`ports.UsageSink` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_spool(self, spool_id: str, node_id: str, boot_id: str) -> None:
        """Make the spool known, booked up to 0. One that is known stays as it is."""
        row = {"id": spool_id, "node_id": node_id, "boot_id": boot_id, "booked": 0}
        with writing(self._engine) as connection:
            statement = insert_into(connection, spool).values(row)
            connection.execute(statement.on_conflict_do_nothing())

    def booked_to(self, spool_id: str) -> int | None:
        """The position up to which a spool is booked, None if it is unknown."""
        with reading(self._engine) as connection:
            return connection.execute(_BOOKED, {"of": spool_id}).scalar()

    def book(self, batch: UsageBatch) -> bool:
        """Book all of it in one transaction, and settle its leases.

        Raises ValueError for a spool that is unknown, and for a batch that
        would leave a gap: neither was booked before, and neither may be lost.
        """
        place = {"of": batch.spool_id, "start": batch.start, "end": batch.end}
        with writing(self._engine) as connection:
            if connection.execute(_BOOK, place).rowcount == 0:
                return _booked_before(connection, batch)
            _settle(connection, batch.spool_id, batch.settled)
            add_buckets(connection, batch.buckets)
            observe(connection, batch.observations)
            write_log(connection, batch.log)
            amend_log(connection, batch.amendments)
            _remember_use(connection, batch.last_used)
            _add_alerts(connection, batch.alerts)
            _remember_networks(connection, batch.key_networks)
        return True

    def close_spool(self, spool_id: str, *, return_leases: bool) -> None:
        """End a spool that is booked to its end; once more does nothing."""
        now_us = time.time_ns() // 1000
        close = (
            sa.update(spool)
            .where(spool.c.id == spool_id, spool.c.closed_at.is_(None))
            .values(closed_at=now_us)
        )
        mine = sa.select(lease).where(lease.c.spool_id == spool_id)
        whose = sa.select(spool.c.node_id).where(spool.c.id == spool_id)
        of_node = whose.scalar_subquery()
        with writing(self._engine) as connection:
            if connection.execute(close).rowcount == 0:
                return
            left: dict[str, int] = {}
            for row in connection.execute(mine):
                left[row.budget_id] = outstanding(row)
            budgets = lock_budgets(connection, left)
            moves = {
                id: (0 if return_leases else units, -units)
                for id, units in left.items()
                if units
            }
            move(connection, moves)
            mark_used(connection, budgets, _used_more(moves))
            connection.execute(
                sa.update(lease)
                .where(lease.c.spool_id == spool_id)
                .values(closed_at=now_us)
            )
            # Who had it has ended: nobody need wait for it to hear of anything.
            connection.execute(sa.delete(node).where(node.c.id == of_node))


def _booked_before(connection: Connection, batch: UsageBatch) -> bool:
    booked = connection.execute(_BOOKED, {"of": batch.spool_id}).scalar()
    if booked is None:
        raise ValueError(f"spool {batch.spool_id} is not known")
    if booked < batch.start:
        raise ValueError(
            f"spool {batch.spool_id} is booked to {booked}, not to {batch.start}"
        )
    return False


def _settle(connection: Connection, spool_id: str, settled: Mapping[str, int]) -> None:
    """Turn what was leased into what is used, and what was refunded back.

    Units beyond what a lease holds were spent all the same, and count.
    """
    spent = {id: units for id, units in settled.items() if units}
    leases = leases_of(connection, spool_id, spent)
    moves: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(leases.values()):
        if not number % BATCH:
            breathe()
        budget_id, units = row.budget_id, spent[row.id]
        used, leased = moves.get(budget_id, (0, 0))
        covered = outstanding(row) - outstanding(row, settled_more=units)
        moves[budget_id] = (used + units, leased - covered)
    budgets = lock_budgets(connection, moves)
    move(connection, moves)
    mark_used(connection, budgets, _used_more(moves))
    add_to_rows(connection, lease, ("settled",), [(id, spent[id]) for id in leases])


def _used_more(moves: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    return {id: used for id, (used, _) in moves.items() if used}


def add_buckets(connection: Connection, buckets: Mapping[BucketKey, Bucket]) -> None:
    """Add to the rows of usage, in the order of their keys, as all nodes do."""
    rows = (_bucket_row(of, buckets[of]) for of in sorted(buckets))
    insert_rows(connection, adding_to(connection.dialect.name, usage_bucket), _BUCKET, rows)


def _bucket_row(of: BucketKey, bucket: Bucket) -> tuple[object, ...]:
    return (
        of.minute,
        *of.use,
        of.verdict,
        bucket.requests,
        bucket.units,
        bucket.errors,
        bucket.bytes_in,
        bucket.bytes_out,
        *bucket.latency,
    )


def _remember_use(connection: Connection, last_used: Mapping[tuple[str, int], int]) -> None:
    rows = [
        (key_id, version, at_us, at_us)
        for (key_id, version), at_us in sorted(last_used.items())
    ]
    insert_rows(connection, _remembering(connection.dialect.name), _LAST_USE, rows)


@lru_cache
def _remembering(dialect: str) -> Insert:
    insert = insert_for(dialect, key_last_use)
    # `first_at` stays: NULL, where nobody knows of the first use.
    return insert.on_conflict_do_update(
        index_elements=keys_of(key_last_use),
        set_={"at": insert.excluded.at},
        where=insert.excluded.at > key_last_use.c.at,
    )


def _remember_networks(connection: Connection, networks: Mapping[KeyPlace, int]) -> None:
    named = {
        (place.key_id, format_source_network(place.network)): at_us
        for place, at_us in networks.items()
    }
    rows = [
        (f"{key_id}/{network}", key_id, network, at_us, at_us)
        for (key_id, network), at_us in sorted(named.items())
    ]
    insert_rows(connection, _familiar(connection.dialect.name), _NETWORK, rows)


@lru_cache
def _familiar(dialect: str) -> Insert:
    insert = insert_for(dialect, key_network)
    new, old = insert.excluded, key_network.c
    # A row that is written anew takes its indexes along, so not for each call.
    later = new.last_at >= old.last_at + _KNOWN_AGAIN
    return insert.on_conflict_do_update(
        index_elements=keys_of(key_network),
        set_=_widened(insert, key_network),
        where=sa.or_(later, new.first_at < old.first_at),
    )


def _add_alerts(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Add to the rows of the same ids, in their order, as all nodes do."""
    rows = [
        mapper_of(Alert).values(replace(one, sample=storable(one.sample)))
        for one in sorted(alerts, key=lambda one: one.id)
    ]
    if not rows:
        return
    insert = insert_into(connection, alert)
    new, old = insert.excluded, alert.c
    statement = insert.on_conflict_do_update(
        index_elements=[old.id],
        set_={
            **_widened(insert, alert),
            "count": old.count + new.count,
            "sample": new.sample,
        },
    )
    connection.execute(statement, rows)


def _widened(insert: Insert, table: sa.Table) -> dict[str, sa.ColumnElement[int]]:
    """From the earlier of two first times to the later of two last ones."""
    new, old = insert.excluded, table.c
    earlier, later = new.first_at < old.first_at, new.last_at > old.last_at
    return {
        "first_at": sa.case((earlier, new.first_at), else_=old.first_at),
        "last_at": sa.case((later, new.last_at), else_=old.last_at),
    }

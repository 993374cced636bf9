"""Where usage is booked: `ports.UsageSink`."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.adding import add_usage
from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import insert_into, keys_of
from keyhouse.adapters.database.ledger import (
    leases_of,
    lock_budgets,
    move,
    outstanding,
)
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.marking import mark_used
from keyhouse.adapters.database.observing import observe
from keyhouse.adapters.database.tables import (
    LATENCY,
    alert,
    key_last_use,
    lease,
    node,
    request_log,
    spool,
    usage_bucket,
)
from keyhouse.core.addresses import format_address
from keyhouse.core.entities import Alert
from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    LogAmendment,
    LogRow,
    UsageBatch,
    Use,
    user_of,
)

_BOOK = (
    sa.update(spool)
    .where(spool.c.id == sa.bindparam("of"), spool.c.booked == sa.bindparam("start"))
    .values(booked=sa.bindparam("end"))
)
_BOOKED = sa.select(spool.c.booked).where(spool.c.id == sa.bindparam("of"))
_SETTLE = (
    sa.update(lease)
    .where(lease.c.id == sa.bindparam("lease_id"))
    .values(settled=lease.c.settled + sa.bindparam("units"))
)
_AMEND = (
    sa.update(request_log)
    .where(request_log.c.request_id == sa.bindparam("of"))
    .values(status=sa.bindparam("with_status"), latency_us=sa.bindparam("with_latency"))
)
_LOG = (
    *("request_id", "at", *Use._fields, "verdict", "method"),
    *("path", "address", "status", "latency_us"),
    *("subject", "session", "token_id"),
)
_FROM_JSON = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(_LOG)))
_LOG_AT_ONCE = (
    f"INSERT INTO request_log ({', '.join(_LOG)}) "  # noqa: S608 - names of ours
    f"SELECT {_FROM_JSON} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING"
)


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
            _write_log(connection, batch.log)
            _amend_log(connection, batch.amendments)
            _remember_use(connection, batch.last_used)
            _add_alerts(connection, batch.alerts)
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
    for row in leases.values():
        units = spent[row.id]
        used, leased = moves.get(row.budget_id, (0, 0))
        covered = outstanding(row) - outstanding(row, settled_more=units)
        moves[row.budget_id] = (used + units, leased - covered)
    budgets = lock_budgets(connection, moves)
    move(connection, moves)
    mark_used(connection, budgets, _used_more(moves))
    if leases:
        rows = [{"lease_id": id, "units": spent[id]} for id in leases]
        connection.execute(_SETTLE, rows)


def _used_more(moves: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    return {id: used for id, (used, _) in moves.items() if used}


def add_buckets(connection: Connection, buckets: Mapping[BucketKey, Bucket]) -> None:
    """Add to the rows of usage, in the order of their keys, as all nodes do."""
    rows = [_bucket_row(of, buckets[of]) for of in sorted(buckets)]
    add_usage(connection, usage_bucket, rows)


def _bucket_row(of: BucketKey, bucket: Bucket) -> dict[str, Any]:
    return {
        "minute": of.minute,
        **of.use._asdict(),
        "verdict": of.verdict,
        "requests": bucket.requests,
        "units": bucket.units,
        "errors": bucket.errors,
        "bytes_in": bucket.bytes_in,
        "bytes_out": bucket.bytes_out,
        **dict(zip(LATENCY, bucket.latency, strict=True)),
    }


def _storable(text: str) -> str:
    """What a stranger sent, without what a database refuses: it must be booked."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _write_log(connection: Connection, log: Iterable[LogRow]) -> None:
    rows = [_log_values(row) for row in log]
    if not rows:
        return
    # One line too few is better than a batch that can never be booked.
    if connection.dialect.name == "sqlite":
        # A thousand steps, each of which hands the interpreter over, would keep
        # the thread that serves waiting a thousand times: this is one.
        connection.exec_driver_sql(_LOG_AT_ONCE, (json.dumps(rows),))
    else:
        statement = insert_into(connection, request_log).on_conflict_do_nothing()
        connection.execute(statement, [dict(zip(_LOG, row, strict=True)) for row in rows])


def _log_values(row: LogRow) -> tuple[object, ...]:
    """The values of a line, in the order of `_LOG`."""
    return (
        row.request_id,
        row.at_us,
        *row.use,
        row.verdict,
        _storable(row.method),
        _storable(row.path),
        format_address(row.address),
        row.status,
        row.latency_us,
        *_of_user(row.use),
    )


def _of_user(use: Use) -> tuple[str | None, str | None, str | None]:
    """The user of a line, without the application, which has a column of its own."""
    seen = user_of(use)
    if seen is None:
        return None, None, None
    return _storable(seen.subject), _storable(seen.session) or None, _storable(seen.id)


def _amend_log(connection: Connection, amendments: Iterable[LogAmendment]) -> None:
    rows = [
        {"of": one.request_id, "with_status": one.status, "with_latency": one.latency_us}
        for one in sorted(amendments)
    ]
    if rows:
        connection.execute(_AMEND, rows)


def _remember_use(connection: Connection, last_used: Mapping[tuple[str, int], int]) -> None:
    rows = [
        {"key_id": key_id, "secret_version": version, "at": at_us, "first_at": at_us}
        for (key_id, version), at_us in sorted(last_used.items())
    ]
    if not rows:
        return
    insert = insert_into(connection, key_last_use)
    # `first_at` stays: NULL, where nobody knows of the first use.
    statement = insert.on_conflict_do_update(
        index_elements=keys_of(key_last_use),
        set_={"at": insert.excluded.at},
        where=insert.excluded.at > key_last_use.c.at,
    )
    connection.execute(statement, rows)


def _add_alerts(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Add to the rows of the same ids, in their order, as all nodes do."""
    rows = [
        mapper_of(Alert).values(replace(one, sample=_storable(one.sample)))
        for one in sorted(alerts, key=lambda one: one.id)
    ]
    if not rows:
        return
    insert = insert_into(connection, alert)
    new, old = insert.excluded, alert.c
    earlier = sa.case((new.first_at < old.first_at, new.first_at), else_=old.first_at)
    later = sa.case((new.last_at > old.last_at, new.last_at), else_=old.last_at)
    statement = insert.on_conflict_do_update(
        index_elements=[old.id],
        set_={
            "first_at": earlier,
            "last_at": later,
            "count": old.count + new.count,
            "sample": new.sample,
        },
    )
    connection.execute(statement, rows)

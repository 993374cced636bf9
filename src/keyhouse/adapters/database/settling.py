"""Settling reservations: `ports.SettlementLedger`."""

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import writing
from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.ledger import BATCH, lock_budgets, move
from keyhouse.adapters.database.many import parted
from keyhouse.adapters.database.tables import lease, settlement
from keyhouse.adapters.database.usage import add_buckets
from keyhouse.core.reservations import Reservation
from keyhouse.core.usage import Bucket, BucketKey
from keyhouse.core.verdict import Verdict

_MINUTE_US: Final = 60_000_000
_CAME_TO: Final = sa.select(settlement.c.units).where(
    settlement.c.request_id == sa.bindparam("of")
)


class DatabaseSettlementLedger:
    """`ports.SettlementLedger` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settle(self, reservation: Reservation, units: int, now_us: int) -> int:
        """Settle once; what a call came to that was settled before stays."""
        row = {"request_id": reservation.request_id, "units": units, "at": now_us}
        with writing(self._engine) as connection:
            insert = insert_into(connection, settlement).values(row)
            # Of an insert no count of rows is told on PostgreSQL.
            first = insert.on_conflict_do_nothing().returning(settlement.c.request_id)
            if connection.execute(first).first() is None:
                of = {"of": reservation.request_id}
                return int(connection.execute(_CAME_TO, of).scalar_one())
            back = reservation.units - units
            if back:
                _give_back(connection, reservation.lease_ids, back)
                _uncount(connection, reservation, back)
        return units


def _give_back(connection: Connection, lease_ids: Iterable[str], units: int) -> None:
    """Take units off what is used of the budgets behind leases.

    Of the budgets, and not of the leases: those are their node's, which may be
    gone. The reservation is spent for good or will be, so that what is used and
    what is leased together never come to less than was spent.
    """
    ids = {
        id
        for batch in parted(lease_ids, BATCH)
        for id in connection.execute(
            sa.select(lease.c.budget_id).where(lease.c.id.in_(batch))
        ).scalars()
    }
    lock_budgets(connection, ids)
    move(connection, dict.fromkeys(ids, (-units, 0)))


def _uncount(connection: Connection, reservation: Reservation, units: int) -> None:
    minute, number = reservation.at_us // _MINUTE_US, Verdict.VALID.number
    key = BucketKey(minute, reservation.use, number)
    add_buckets(connection, {key: Bucket(units=-units)})

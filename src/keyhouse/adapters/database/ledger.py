"""Quotas: `ports.BudgetLedger`.

A budget's row says how many units are used for good and how many are out on
leases. Whoever changes it locks, in this order, the spool, the budgets by id,
then leases: two nodes never wait for each other in a ring.
"""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import reading, writing
from keyhouse.adapters.database.inserts import Insert, insert_for
from keyhouse.adapters.database.many import add_to_rows, insert_rows, parted
from keyhouse.adapters.database.marking import mark_refused, mark_used, remember
from keyhouse.adapters.database.tables import budget, lease, spool
from keyhouse.core.ids import ENTROPY_BYTES, LEASE, make_id
from keyhouse.core.quotas import Budget, Span
from keyhouse.ports import Leased, LeaseWanted

BATCH: Final = 100
"""Rows that are asked for in one query, between two breaths."""

_BUDGET: Final = (
    *("id", *Budget._fields, "window_start", "window_end", "used", "leased"),
    *("amount", "counted_from", "told_level"),
)
_LEASE: Final = ("id", "spool_id", "budget_id", "amount", "settled")
_SPOOL = (
    sa.select(spool.c.closed_at)
    .where(spool.c.id == sa.bindparam("spool_id"))
    .with_for_update()
)
_LOCKED = (
    sa.select(budget)
    .where(budget.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(budget.c.id)
    .with_for_update()
)
_OWN_LEASES = sa.select(lease).where(
    lease.c.spool_id == sa.bindparam("spool_id"),
    lease.c.budget_id.in_(sa.bindparam("ids", expanding=True)),
)
_LEASES = sa.select(lease).where(
    lease.c.spool_id == sa.bindparam("spool_id"),
    lease.c.id.in_(sa.bindparam("ids", expanding=True)),
)


def budget_id(of: Budget, span: Span) -> str:
    """The id of a budget in a window: all that names it, written out.

    The limit's name, which alone may hold any character, stands last. The
    window's end is not in it: a quota that is changed from a day to a month
    on the first keeps what was used.
    """
    provider, kind, subject, environment, name = of
    return f"{provider}|{kind}|{subject}|{environment}|{span.start_us}|{name}"


class DatabaseBudgetLedger:
    """`ports.BudgetLedger` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lease(self, spool_id: str, wants: Sequence[LeaseWanted]) -> list[Leased]:
        """Grant in one transaction, committed on return; results in order.

        Raises ValueError for a spool that is unknown or closed.
        """
        if not wants:
            return []
        ids = [budget_id(want.budget, want.span) for want in wants]
        with writing(self._engine) as connection:
            lock_open_spool(connection, spool_id)
            _make_budgets(connection, dict(zip(ids, wants, strict=True)))
            budgets = lock_budgets(connection, ids)
            leases = _make_leases(connection, spool_id, ids)
            answers, granted = [], dict.fromkeys(budgets, 0)
            refused: dict[str, LeaseWanted] = {}
            for id, want in zip(ids, wants, strict=True):
                row = budgets[id]
                left = want.limit - row.used - row.leased - granted[id]
                grant = max(min(want.up_to, left), 0) if left >= want.at_least else 0
                granted[id] += grant
                if left < want.at_least > 0:
                    refused[id] = want
                answers.append(Leased(leases[id], grant, left - grant))
            changed = {id: units for id, units in granted.items() if units}
            move(connection, {id: (0, units) for id, units in changed.items()})
            _enlarge(connection, {leases[id]: units for id, units in changed.items()})
            remember(connection, budgets, dict(zip(ids, wants, strict=True)))
            mark_refused(connection, budgets, refused)
        return answers

    def give_back(self, spool_id: str, returns: Mapping[str, int]) -> None:
        """Return unspent units, lease id to amount. All or, by ValueError, nothing."""
        if not returns:
            return
        with writing(self._engine) as connection:
            lock_open_spool(connection, spool_id)
            leases = leases_of(connection, spool_id, returns)
            back: dict[str, int] = {}
            for id, units in returns.items():
                row = leases.get(id)
                if row is None or not 0 <= units <= outstanding(row):
                    raise ValueError(f"lease {id} does not hold {units} units")
                back[row.budget_id] = back.get(row.budget_id, 0) + units
            lock_budgets(connection, back)
            move(connection, {id: (0, -units) for id, units in back.items()})
            _enlarge(connection, {id: -units for id, units in returns.items()})

    def used(self, budget: Budget, span: Span) -> tuple[int, int]:
        """Units booked as used, and units leased and not yet settled."""
        with reading(self._engine) as connection:
            return used_of(connection, budget, span)


def outstanding(row: sa.Row[Any], settled_more: int = 0) -> int:
    """What a lease may still spend: none once it is closed."""
    if row.closed_at is not None:
        return 0
    return max(int(row.amount - row.settled) - settled_more, 0)


def lock_open_spool(connection: Connection, spool_id: str) -> None:
    """Hold the spool's row to the end. Raises ValueError unless it is open."""
    row = connection.execute(_SPOOL, {"spool_id": spool_id}).first()
    if row is None:
        raise ValueError(f"spool {spool_id} is not known")
    if row.closed_at is not None:
        raise ValueError(f"spool {spool_id} is closed")


def lock_budgets(connection: Connection, ids: Iterable[str]) -> dict[str, sa.Row[Any]]:
    """Hold the rows of these budgets to the end; in order of id."""
    return {
        row.id: row
        for batch in parted(sorted(set(ids)), BATCH)
        for row in connection.execute(_LOCKED, {"ids": batch})
    }


def leases_of(
    connection: Connection, spool_id: str, ids: Iterable[str]
) -> dict[str, sa.Row[Any]]:
    """Those of the leases that are the spool's. They change only under its lock."""
    return {
        row.id: row
        for batch in parted(ids, BATCH)
        for row in connection.execute(_LEASES, {"spool_id": spool_id, "ids": batch})
    }


def move(connection: Connection, by_budget: Mapping[str, tuple[int, int]]) -> None:
    """Add to `used` and `leased` of locked budgets."""
    rows = [(id, used, leased) for id, (used, leased) in by_budget.items()]
    add_to_rows(connection, budget, ("used", "leased"), rows)


def spend_now(
    connection: Connection, of: Budget, span: Span, limit: int, units: int
) -> bool:
    """Book units as used, within a transaction; False where less than that is left.

    What is out on leases is not left: whoever holds it may be spending it.
    """
    id = budget_id(of, span)
    _make_budgets(connection, {id: LeaseWanted(of, span, limit, units, units)})
    budgets = lock_budgets(connection, [id])
    row = budgets[id]
    if limit - row.used - row.leased < units:
        return False
    move(connection, {id: (units, 0)})
    mark_used(connection, budgets, {id: units})
    return True


def used_of(connection: Connection, of: Budget, span: Span) -> tuple[int, int]:
    """Units booked as used, and units leased and not yet settled."""
    query = sa.select(budget.c.used, budget.c.leased)
    row = connection.execute(query.where(budget.c.id == budget_id(of, span))).first()
    return (0, 0) if row is None else (row.used, row.leased)


def _make_budgets(connection: Connection, wants: Mapping[str, LeaseWanted]) -> None:
    rows = [
        (id, *want.budget, *want.span, 0, 0, want.limit, 0, 0)
        for id, want in sorted(wants.items())
    ]
    insert_rows(connection, _making_missing(connection.dialect.name), _BUDGET, rows)


def _make_leases(connection: Connection, spool_id: str, ids: list[str]) -> dict[str, str]:
    """The spool's lease on each budget, budget id to lease id; made where missing."""
    leases = {
        row.budget_id: row.id
        for batch in parted(ids, BATCH)
        for row in connection.execute(_OWN_LEASES, {"spool_id": spool_id, "ids": batch})
    }
    now_us = time.time_ns() // 1000
    missing = sorted(set(ids) - leases.keys())
    made = {
        id: make_id(LEASE, now_us, secrets.token_bytes(ENTROPY_BYTES)) for id in missing
    }
    rows = [(made[id], spool_id, id, 0, 0) for id in missing]
    insert_rows(connection, _making(connection.dialect.name), _LEASE, rows)
    return leases | made


@lru_cache
def _making_missing(dialect: str) -> Insert:
    return insert_for(dialect, budget).on_conflict_do_nothing()


@lru_cache
def _making(dialect: str) -> Insert:
    return insert_for(dialect, lease)


def _enlarge(connection: Connection, by_lease: Mapping[str, int]) -> None:
    add_to_rows(connection, lease, ("amount",), list(by_lease.items()))

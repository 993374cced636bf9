"""When a budget comes near its end, told once: whoever moves it leaves a mark.

A budget's row knows the amount and window last leased from, and the level that
was told already. Both are read with the row that is locked anyway, so that
only a crossing costs a statement. A worker makes events of the marks.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import insert_into
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.tables import budget, budget_mark
from keyhouse.core.counting import CREDITS, USERS
from keyhouse.core.entities import BudgetMark, MarkLevel
from keyhouse.ports import LeaseWanted

_BELOW: Final = 0
_NEAR: Final = 1
_REACHED: Final = 2
_LEVELS: Final = {_NEAR: MarkLevel.NEAR, _REACHED: MarkLevel.REACHED}
_REMEMBER: Final = (
    sa.update(budget)
    .where(budget.c.id == sa.bindparam("of"))
    .values(
        window_end=sa.bindparam("now_end"),
        amount=sa.bindparam("now_amount"),
        counted_from=sa.bindparam("now_from"),
        told_level=sa.bindparam("now_level"),
    )
)
_TELL: Final = (
    sa.update(budget)
    .where(budget.c.id == sa.bindparam("of"))
    .values(told_level=sa.bindparam("now_level"))
)


def remember(
    connection: Connection,
    budgets: Mapping[str, sa.Row[Any]],
    wants: Mapping[str, LeaseWanted],
) -> None:
    """Keep the amounts and ends that these locked budgets have now, where they are others.

    With another amount a level that is no longer so may be told again. The
    amount of credits is all that ever came and only grows: their part counts
    from what was used when some came last.
    """
    rows = []
    for id, want in wants.items():
        row, limit, end_us = budgets[id], want.limit, want.span.end_us
        prepaid = row.subject_kind == CREDITS
        if (row.amount, row.window_end) == (limit, end_us):
            continue
        if prepaid and row.amount and limit < row.amount:
            continue
        counted_from = row.used if prepaid and row.amount else 0
        level = _level(limit, row.used, counted_from)
        now_level = min(row.told_level or _BELOW, level)
        rows.append(
            {
                "of": id,
                "now_end": end_us,
                "now_amount": limit,
                "now_from": counted_from,
                "now_level": now_level,
            }
        )
    if rows:
        connection.execute(_REMEMBER, rows)


def mark_used(
    connection: Connection,
    budgets: Mapping[str, sa.Row[Any]],
    used_more: Mapping[str, int],
) -> None:
    """Leave a mark on each locked budget that these units bring to a new level."""
    crossed = []
    for id, units in used_more.items():
        row = budgets[id]
        if row.amount is None:
            continue
        level = _level(row.amount, row.used + units, row.counted_from or 0)
        if level > (row.told_level or _BELOW):
            crossed.append((row, level, row.amount, row.used + units, row.window_end))
    _mark(connection, crossed)


def mark_refused(
    connection: Connection,
    budgets: Mapping[str, sa.Row[Any]],
    refused: Mapping[str, LeaseWanted],
) -> None:
    """Leave a mark where less is left for good than one request needs."""
    crossed = []
    for id, want in refused.items():
        row = budgets[id]
        over = want.limit - row.used < want.at_least <= want.limit
        if over and (row.told_level or _BELOW) < _REACHED:
            crossed.append((row, _REACHED, want.limit, row.used, want.span.end_us))
    _mark(connection, crossed)


def _level(amount: int, used: int, counted_from: int) -> int:
    size, spent = amount - counted_from, used - counted_from
    if spent >= size:
        return _REACHED
    return _NEAR if spent * 5 >= size * 4 else _BELOW


def _mark(
    connection: Connection, crossed: Iterable[tuple[sa.Row[Any], int, int, int, int]]
) -> None:
    now_us = time.time_ns() // 1000
    told, marks = [], []
    for row, level, amount, used, end_us in crossed:
        if row.subject_kind == USERS:
            continue  # else there would be as many events as there are users
        told.append({"of": row.id, "now_level": level})
        mark = BudgetMark(
            id=f"{_LEVELS[level]}|{row.id}",
            at=now_us,
            level=_LEVELS[level],
            provider_id=row.provider_id,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            environment=row.environment,
            limit_name=row.limit_name,
            window_start=row.window_start,
            window_end=end_us,
            amount=amount,
            used=used,
        )
        marks.append(mapper_of(BudgetMark).values(mark))
    if marks:
        connection.execute(_TELL, told)
        # One that is there still tells the same.
        statement = insert_into(connection, budget_mark).on_conflict_do_nothing()
        connection.execute(statement, marks)

"""Lines of the request log, as they are written."""

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import insert_many
from keyhouse.adapters.database.tables import request_log
from keyhouse.core.addresses import format_address
from keyhouse.core.usage import LogAmendment, LogRow, Use, user_of

_AT_ONCE: Final = 40
"""Lines in a statement for SQLite, which takes 999 parameters however it was made."""
_BREATH_SECONDS: Final = 0.0001
_COLUMNS: Final = (
    *("request_id", "at", *Use._fields, "verdict", "method"),
    *("path", "address", "status", "latency_us"),
    *("subject", "session", "token_id"),
)
_AMEND: Final = (
    sa.update(request_log)
    .where(request_log.c.request_id == sa.bindparam("of"))
    .values(status=sa.bindparam("with_status"), latency_us=sa.bindparam("with_latency"))
)


def breathe() -> None:
    """Let others have the processor, if they wait for it.

    Whoever books usage shares a process with the loop that serves. On one core
    the kernel lets a thread that works run for three milliseconds on end, and
    all requests that come meanwhile are late by as much.
    """
    time.sleep(_BREATH_SECONDS)


def storable(text: str) -> str:
    """What a stranger sent, without what a database refuses: it must be booked."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "?")


def write_log(connection: Connection, log: Sequence[LogRow]) -> None:
    """Add these lines, but for those that are there."""
    # One line too few is better than a batch that can never be booked.
    if not log:
        return
    if connection.dialect.name == "sqlite":
        # A step for each line would hand the interpreter over five hundred times, and
        # keep the thread that serves waiting as often.
        for at in range(0, len(log), _AT_ONCE):
            breathe()
            rows = _values(log[at : at + _AT_ONCE])
            connection.exec_driver_sql(_lines(len(rows)), tuple(chain(*rows)))
    else:
        named = [dict(zip(_COLUMNS, row, strict=True)) for row in _values(log)]
        statement, rows_sent = insert_many(connection, request_log, named)
        connection.execute(statement.on_conflict_do_nothing(), rows_sent)


def amend_log(connection: Connection, amendments: Iterable[LogAmendment]) -> None:
    """Write down how exchanges ended whose lines are there, or are not."""
    rows = [
        {"of": one.request_id, "with_status": one.status, "with_latency": one.latency_us}
        for one in sorted(amendments)
    ]
    if rows:
        connection.execute(_AMEND, rows)


@lru_cache
def _lines(count: int) -> str:
    """SQLite's INSERT of so many lines. SQLAlchemy would take longer to write it than

    SQLite takes to do it.
    """
    line = f"({', '.join('?' * len(_COLUMNS))})"
    lines = ", ".join([line] * count)
    return (
        f"INSERT INTO request_log ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of ours
        f"VALUES {lines} ON CONFLICT DO NOTHING"
    )


def _values(log: Sequence[LogRow]) -> list[tuple[object, ...]]:
    """The values of each line, in the order of `_COLUMNS`."""
    addresses = {number: format_address(number) for number in {row.address for row in log}}
    users = {id(row.use): _user(row.use) for row in log}
    return [
        (
            row.request_id,
            row.at_us,
            *row.use,
            row.verdict,
            storable(row.method),
            storable(row.path),
            addresses[row.address],
            row.status,
            row.latency_us,
            *users[id(row.use)],
        )
        for row in log
    ]


def _user(use: Use) -> tuple[str | None, str | None, str | None]:
    """The user of a line, without the application, which has a column of its own."""
    seen = user_of(use)
    if seen is None:
        return None, None, None
    return storable(seen.subject), storable(seen.session) or None, storable(seen.id)

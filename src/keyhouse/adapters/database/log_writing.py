"""Lines of the request log, as they are written."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.inserts import Insert, insert_for
from keyhouse.adapters.database.many import insert_rows
from keyhouse.adapters.database.tables import request_log
from keyhouse.core.addresses import format_address
from keyhouse.core.usage import LogAmendment, LogRow, Use, user_of

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


def storable(text: str) -> str:
    """What a stranger sent, without what a database refuses: it must be booked."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "?")


def write_log(connection: Connection, log: Sequence[LogRow]) -> None:
    """Add these lines, but for those that are there."""
    # One line too few is better than a batch that can never be booked.
    insert_rows(connection, _adding(connection.dialect.name), _COLUMNS, _values(log))


@lru_cache
def _adding(dialect: str) -> Insert:
    return insert_for(dialect, request_log).on_conflict_do_nothing()


def amend_log(connection: Connection, amendments: Iterable[LogAmendment]) -> None:
    """Write down how exchanges ended whose lines are there, or are not."""
    rows = [
        {"of": one.request_id, "with_status": one.status, "with_latency": one.latency_us}
        for one in sorted(amendments)
    ]
    if rows:
        connection.execute(_AMEND, rows)


def _values(log: Sequence[LogRow]) -> Iterator[tuple[object, ...]]:
    """The values of each line, in the order of `_COLUMNS`."""
    addresses = {number: format_address(number) for number in {row.address for row in log}}
    users = {id(row.use): _user(row.use) for row in log}
    return (
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
    )


def _user(use: Use) -> tuple[str | None, str | None, str | None]:
    """The user of a line, without the application, which has a column of its own."""
    seen = user_of(use)
    if seen is None:
        return None, None, None
    return storable(seen.subject), storable(seen.session) or None, storable(seen.id)

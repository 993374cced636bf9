"""How a key's secrets are used: who still calls with an old one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from keyhouse.adapters.database.log_rows import log_row
from keyhouse.adapters.database.many import IDS_MAX, parted
from keyhouse.adapters.database.rollups import kept_since
from keyhouse.adapters.database.tables import (
    key_last_use,
    request_log,
    usage_bucket,
    usage_rollup,
)
from keyhouse.core import ids
from keyhouse.core.grains import MINUTE_US, Grain, end_of
from keyhouse.core.usage import LogRow
from keyhouse.ports import SecretUse

HOUR_MINUTES: Final = 60
DAY_MINUTES: Final = 24 * 60
_LOOKED_AT: Final = 5
"""In so many minutes of a secret's use the log is looked through: it has no index

over secrets, and a busy key has many lines in a minute.
"""


def secret_use(
    connection: Connection,
    key_id: str,
    versions: Sequence[int],
    now_us: int,
    lines_max: int,
) -> Mapping[int, SecretUse]:
    """How these secrets of a key were used, with lines of the log for each."""
    day, hour = (
        _requests(connection, key_id, now_us // MINUTE_US - minutes)
        for minutes in (DAY_MINUTES, HOUR_MINUTES)
    )
    return {
        version: SecretUse(
            hour.get(version, 0),
            day.get(version, 0),
            tuple(_lines(connection, key_id, version, lines_max)) if lines_max else (),
        )
        for version in versions
    }


def last_used(connection: Connection, key_ids: Sequence[str]) -> dict[str, int]:
    """When each of these keys was last seen with a valid secret of it, in µs."""
    key_id = key_last_use.c.key_id
    query = sa.select(key_id, sa.func.max(key_last_use.c.at)).group_by(key_id)
    return {
        id: at_us
        for batch in parted(key_ids, IDS_MAX)
        for id, at_us in connection.execute(query.where(key_id.in_(batch)))
    }


def _requests(connection: Connection, key_id: str, after_minute: int) -> dict[int, int]:
    """Fresh minutes, and those that are rolled up: they are kept for longer than a day."""
    found: dict[int, int] = {}
    for table, start, among in _minutes():
        query = (
            sa.select(table.c.secret_version, sa.func.sum(table.c.requests))
            .where(table.c.key_id == key_id, start > after_minute, *among)
            .group_by(table.c.secret_version)
        )
        for version, requests in connection.execute(query):
            found[version] = found.get(version, 0) + int(requests)
    return found


def _minutes() -> Iterable[tuple[sa.Table, sa.Column[int], list[Any]]]:
    yield usage_bucket, usage_bucket.c.minute, []
    yield usage_rollup, usage_rollup.c.start, _of(Grain.MINUTE)


def _of(grain: Grain) -> list[sa.ColumnElement[bool]]:
    return [usage_rollup.c.grain == grain, usage_rollup.c.waiting == 0]


def _lines(
    connection: Connection, key_id: str, version: int, lines_max: int
) -> list[LogRow]:
    """The newest lines of a secret, found by when it was used."""
    log = request_log.c
    found: list[sa.Row[Any]] = []
    for times in _used(connection, key_id, version):
        begin, end = (ids.request_head(at * MINUTE_US // 1000) for at in times)
        query = (
            sa.select(request_log)
            .where(
                log.key_id == key_id,
                log.secret_version == version,
                log.request_id >= begin,
                log.request_id < end,
            )
            .order_by(log.request_id.desc())
            .limit(lines_max - len(found))
        )
        found += connection.execute(query)
        if len(found) >= lines_max:
            break
    return [log_row(row) for row in found]


def _used(connection: Connection, key_id: str, version: int) -> list[tuple[int, int]]:
    """The last minutes in which a secret was used, or quarters of an hour where

    minutes are no longer kept.
    """
    since = kept_since(connection).get(Grain.MINUTE, 0)
    older = [*_of(Grain.QUARTER_HOUR), usage_rollup.c.start < since]
    sources = [
        (Grain.MINUTE, table, start, [*among, start >= since])
        for table, start, among in _minutes()
    ]
    sources.append((Grain.QUARTER_HOUR, usage_rollup, usage_rollup.c.start, older))
    found: set[tuple[int, int]] = set()
    for grain, table, start, among in sources:
        query = (
            sa.select(start)
            .where(table.c.key_id == key_id, table.c.secret_version == version, *among)
            .group_by(start)
            .order_by(start.desc())
            .limit(_LOOKED_AT)
        )
        rows = connection.execute(query).scalars()
        found.update((at, end_of(grain, at)) for at in rows)
    return sorted(found, reverse=True)[:_LOOKED_AT]

"""What was counted, read back: `ports.UsageReports`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.ledger import batches, budget_id
from keyhouse.adapters.database.log_rows import log_row
from keyhouse.adapters.database.rotation import secret_use
from keyhouse.adapters.database.tables import (
    LATENCY,
    budget,
    key_last_use,
    observation,
    request_log,
    usage_bucket,
)
from keyhouse.core.observations import Dimension
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.verdict import BY_CODE, BY_NUMBER
from keyhouse.ports import Observed, Page, SecretUse, Tally, UsageRow

MINUTE_US: Final = 60_000_000
DAY_US: Final = 86_400 * 1_000_000
_COLUMNS: Final = {
    "key": "key_id",
    "api": "api_id",
    "application": "application_id",
    "environment": "environment",
    "route": "route_id",
}
_COUNTS: Final = ("requests", "errors")
_SUMS: Final = ("requests", "units", "errors", "bytes_in", "bytes_out", *LATENCY)


class DatabaseUsageReports:
    """`ports.UsageReports` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def usage(
        self,
        organization_id: str,
        *,
        since_us: int,
        until_us: int,
        step_seconds: int,
        group_by: Sequence[str],
        equals: Mapping[str, str],
    ) -> list[UsageRow]:
        """Sums by step, by `group_by` and verdict, in order of time.

        Steps begin at whole multiples of their length since 1970, UTC, and a
        minute belongs to the report if it begins in it. Filters may name the
        verdict as well. Raises ValueError for a step that is not of whole
        minutes and for an unknown group or filter.
        """
        query = _summed(
            _SUMS,
            organization_id,
            (since_us, until_us),
            step_seconds,
            group_by,
            equals,
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [_usage_row(row, group_by) for row in rows]

    def tallies(
        self,
        organization_id: str,
        *,
        since_us: int,
        until_us: int,
        step_seconds: int,
        group_by: Sequence[str],
        equals: Mapping[str, str | Sequence[str]],
    ) -> list[Tally]:
        """As `usage`, but counts alone; several values of a filter mean any of them."""
        query = _summed(
            _COUNTS,
            organization_id,
            (since_us, until_us),
            step_seconds,
            group_by,
            equals,
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [_tally(row, group_by) for row in rows]

    def observed(
        self,
        organization_id: str,
        dimension: Dimension,
        *,
        since_us: int,
        until_us: int,
        equals: Mapping[str, str | Sequence[str]],
    ) -> list[Observed]:
        """What was seen on the days, UTC, that the time touches; the most first.

        Raises ValueError for an unknown filter.
        """
        seen = observation.c
        groups = (seen.api_id, seen.verdict, seen.value)
        requests = sa.func.sum(seen.requests)
        query = (
            sa.select(
                *groups, requests, sa.func.min(seen.first_at), sa.func.max(seen.last_at)
            )
            .where(
                _sees(observation, organization_id),
                seen.day >= since_us // DAY_US,
                seen.day < -(-until_us // DAY_US),
                seen.dimension == dimension,
                seen.requests > 0,
                *_fits(observation, equals),
            )
            .group_by(*groups)
            .order_by(requests.desc(), *groups)
        )
        with reading(self._engine) as connection:
            return [_observed(*row) for row in connection.execute(query)]

    def requests(
        self,
        organization_id: str,
        *,
        after: str | None,
        limit: int,
        equals: Mapping[str, str | Sequence[str]],
    ) -> Page:
        """Lines of the request log, the newest first; filters as those of `tallies`,

        and `request` for the id of one.

        Raises ValueError for a cursor that is not one of ours.
        """
        ids = request_log.c.request_id
        query = sa.select(request_log).where(
            _sees(request_log, organization_id), *_fits(request_log, equals)
        )
        if after is not None:
            query = query.where(ids < read_cursor(after))
        query = query.order_by(ids.desc()).limit(limit + 1)
        with reading(self._engine) as connection:
            rows = [log_row(row) for row in connection.execute(query)]
        more = len(rows) > limit
        cursor = write_cursor(rows[limit - 1].request_id) if more else None
        return Page(rows[:limit], cursor)

    def last_used(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """When each key was last seen with a valid secret of it, in µs."""
        key_id = key_last_use.c.key_id
        query = sa.select(key_id, sa.func.max(key_last_use.c.at)).group_by(key_id)
        with reading(self._engine) as connection:
            return {
                id: at_us
                for batch in batches(list(key_ids))
                for id, at_us in connection.execute(query.where(key_id.in_(batch)))
            }

    def secrets_last_used(self, key_id: str) -> Mapping[int, int]:
        """When each of a key's secrets was last seen: version to µs."""
        columns = (key_last_use.c.secret_version, key_last_use.c.at)
        query = sa.select(*columns).where(key_last_use.c.key_id == key_id)
        with reading(self._engine) as connection:
            return {row.secret_version: row.at for row in connection.execute(query)}

    def secret_use(
        self, key_id: str, versions: Sequence[int], now_us: int, lines_max: int
    ) -> Mapping[int, SecretUse]:
        """How each of these secrets of a key was used in the last hour and day."""
        with reading(self._engine) as connection:
            return secret_use(connection, key_id, versions, now_us, lines_max)

    def spent(self, wanted: Sequence[tuple[Budget, Span]]) -> list[int]:
        """Units booked as used of each budget in its window, in their order.

        What came back of a call may be booked before what it had reserved.
        """
        ids = [budget_id(of, span) for of, span in wanted]
        query = sa.select(budget.c.id, budget.c.used)
        with reading(self._engine) as connection:
            used: dict[str, int] = {
                id: units
                for batch in batches(ids)
                for id, units in connection.execute(query.where(budget.c.id.in_(batch)))
            }
        return [max(used.get(id, 0), 0) for id in ids]


def _summed(
    sums: Sequence[str],
    organization_id: str,
    times: tuple[int, int],
    step_seconds: int,
    group_by: Sequence[str],
    equals: Mapping[str, str | Sequence[str]],
) -> sa.Select[Any]:
    minutes, rest = divmod(step_seconds, 60)
    if rest or minutes < 1:
        raise ValueError("a step is one or more whole minutes")
    since_us, until_us = times
    minute = usage_bucket.c.minute
    start = (minute - minute % minutes).label("start")
    groups = [usage_bucket.c[_column(name)] for name in group_by]
    keys = [start, *groups, usage_bucket.c.verdict]
    return (
        sa.select(*keys, *(sa.func.sum(usage_bucket.c[name]) for name in sums))
        .where(
            _sees(usage_bucket, organization_id),
            minute >= -(-since_us // MINUTE_US),
            minute < -(-until_us // MINUTE_US),
            *_fits(usage_bucket, equals),
        )
        .group_by(*keys)
        .order_by(*keys)
    )


def _sees(table: sa.Table, organization_id: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        table.c.provider_id == organization_id, table.c.consumer_id == organization_id
    )


def _column(name: str) -> str:
    if name not in _COLUMNS:
        raise ValueError(f"{name!r} is not one of {', '.join(_COLUMNS)}")
    return _COLUMNS[name]


def _fits(
    table: sa.Table, equals: Mapping[str, str | Sequence[str]]
) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for name, value in equals.items():
        values = (value,) if isinstance(value, str) else value
        if name == "verdict":
            conditions.append(table.c.verdict.in_([_number(code) for code in values]))
        elif name == "request" and table is request_log:
            conditions.append(table.c.request_id.in_(values))
        else:
            conditions.append(table.c[_column(name)].in_(values))
    return conditions


def _number(code: str) -> int:
    if code not in BY_CODE:
        raise ValueError(f"there is no verdict {code!r}")
    return BY_CODE[code].number


def _usage_row(row: sa.Row[Any], group_by: Sequence[str]) -> UsageRow:
    start, *groups = row[: 1 + len(group_by)]
    verdict, *sums = row[1 + len(group_by) :]
    requests, units, errors, bytes_in, bytes_out, *latency = map(int, sums)
    return UsageRow(
        start_us=start * MINUTE_US,
        group=dict(zip(group_by, groups, strict=True)),
        verdict=BY_NUMBER[verdict].code,
        requests=requests,
        units=units,
        errors=errors,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        latency=tuple(latency),
    )


def _tally(row: sa.Row[Any], group_by: Sequence[str]) -> Tally:
    start, *groups = row[: 1 + len(group_by)]
    verdict, requests, errors = row[1 + len(group_by) :]
    return Tally(
        start_us=start * MINUTE_US,
        group=dict(zip(group_by, groups, strict=True)),
        verdict=BY_NUMBER[verdict].code,
        requests=int(requests),
        errors=int(errors),
    )


def _observed(
    api_id: str, verdict: int, value: str, requests: int, first_us: int, last_us: int
) -> Observed:
    code = BY_NUMBER[verdict].code
    return Observed(api_id, code, value, int(requests), first_us, last_us)

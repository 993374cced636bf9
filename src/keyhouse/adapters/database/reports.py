"""What was counted, read back: `ports.UsageReports`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.cursors import read_cursor, write_cursor
from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.filters import fits, sees
from keyhouse.adapters.database.ledger import budget_id
from keyhouse.adapters.database.log_rows import log_row
from keyhouse.adapters.database.many import IDS_MAX, parted
from keyhouse.adapters.database.secret_use import last_used, secret_use
from keyhouse.adapters.database.summing import summed
from keyhouse.adapters.database.tables import (
    USAGE_SUMS,
    budget,
    key_last_use,
    observation,
    request_log,
)
from keyhouse.adapters.database.usage_pages import summed_page
from keyhouse.core.observations import OTHER, Dimension
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.ports import Observed, Page, SecretUse, Tally, UsageRow, UsageWanted

DAY_US: Final = 86_400 * 1_000_000


class DatabaseUsageReports:
    """`ports.UsageReports` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def usage(self, wanted: UsageWanted) -> list[UsageRow]:
        """Sums in order of time, of the coarsest rows that tell them.

        Raises ValueError for an unknown group or filter.
        """
        with reading(self._engine) as connection:
            found = summed(connection, USAGE_SUMS, wanted)
        return [_usage_row(*row) for row in found]

    def usage_page(self, wanted: UsageWanted, *, after: str | None, limit: int) -> Page:
        """As `usage`, so many rows from behind cursor `after`."""
        with reading(self._engine) as connection:
            rows, cursor = summed_page(connection, wanted, after, limit)
        return Page([_usage_row(*row) for row in rows], cursor)

    def tallies(self, wanted: UsageWanted) -> list[Tally]:
        """As `usage`, but counts alone."""
        with reading(self._engine) as connection:
            found = summed(connection, ("requests", "errors"), wanted)
        return [
            Tally(start_us, group, verdict, requests, errors)
            for start_us, group, verdict, (requests, errors) in found
        ]

    def observed(
        self,
        organization_id: str,
        dimension: Dimension,
        *,
        since_us: int,
        until_us: int,
        equals: Mapping[str, str | Sequence[str]],
        named_max: int | None = None,
    ) -> list[Observed]:
        """What was seen on the days, UTC, that the time touches; the most first.

        With `named_max` no more than that many rows have a value: the others of an
        API and verdict are one, of OTHER.
        Raises ValueError for an unknown filter.
        """
        seen = observation.c
        query = _sums(observation).where(
            sees(observation, organization_id),
            seen.day >= since_us // DAY_US,
            seen.day < -(-until_us // DAY_US),
            seen.dimension == dimension,
            seen.requests > 0,
            *fits(observation, equals),
        )
        if named_max is not None:
            query = _sums(_named(query, named_max))
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
        """Lines of the request log, the newest first; filters as those of `UsageWanted`,

        and `request` for the id of one.

        Raises ValueError for a cursor that is not one of ours.
        """
        ids = request_log.c.request_id
        query = sa.select(request_log).where(
            sees(request_log, organization_id), *fits(request_log, equals)
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
        with reading(self._engine) as connection:
            return last_used(connection, key_ids)

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
                for batch in parted(ids, IDS_MAX)
                for id, units in connection.execute(query.where(budget.c.id.in_(batch)))
            }
        return [max(used.get(id, 0), 0) for id in ids]


def _usage_row(
    start_us: int, group: Mapping[str, str], verdict: str, sums: Sequence[int]
) -> UsageRow:
    requests, units, errors, bytes_in, bytes_out, *latency = sums
    return UsageRow(
        start_us=start_us,
        group=group,
        verdict=verdict,
        requests=requests,
        units=units,
        errors=errors,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
        latency=tuple(latency),
    )


def _sums(rows: sa.FromClause) -> sa.Select[Any]:
    """By API, verdict and value, what was seen in these rows: the most first."""
    seen = rows.c
    groups = (seen.api_id, seen.verdict, seen.value)
    requests = sa.func.sum(seen.requests)
    first_at, last_at = sa.func.min(seen.first_at), sa.func.max(seen.last_at)
    return (
        sa.select(
            *groups,
            requests.label("requests"),
            first_at.label("first_at"),
            last_at.label("last_at"),
        )
        .group_by(*groups)
        .order_by(requests.desc(), *groups)
    )


def _named(query: sa.Select[Any], named_max: int) -> sa.Subquery:
    """The rows of a query of `_sums`, with OTHER for all values but the first.

    The database does it: there are as many values as keys have users.
    """
    rows = query.order_by(None).subquery()
    of = rows.c
    order = (of.value == OTHER, of.requests.desc(), of.api_id, of.verdict, of.value)
    place = sa.func.row_number().over(order_by=order).label("place")
    at = sa.select(rows, place).subquery().c
    value = sa.case((at.place <= named_max, at.value), else_=OTHER).label("value")
    columns = (at.api_id, at.verdict, value, at.requests, at.first_at, at.last_at)
    return sa.select(*columns).subquery()


def _observed(
    api_id: str, verdict: int, value: str, requests: int, first_us: int, last_us: int
) -> Observed:
    code = BY_NUMBER[verdict].code
    return Observed(api_id, code, value, int(requests), first_us, last_us)

"""What is out of the ordinary in the use of keys: `ports.UsageWatch`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.many import IDS_MAX, parted
from keyhouse.adapters.database.tables import usage_rollup
from keyhouse.core.grains import Grain
from keyhouse.core.verdict import Verdict
from keyhouse.ports import KeyUse

_OF: Final = usage_rollup.c
_WAITING: Final = (0, 1)
"""What is rolled up further and what is not yet: named, so that indexes are of use."""
_NO_GOOD_SECRET: Final = tuple(
    verdict.number for verdict in Verdict if verdict.shows_no_good_secret
)
_THESE: Final = _OF.key_id.in_(sa.bindparam("ids", expanding=True))


class DatabaseUsageWatch:
    """`ports.UsageWatch` on an engine; any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def busy_keys(
        self, start: int, requests_min: int, *, after: str, limit: int
    ) -> list[KeyUse]:
        """Keys with at least so many requests in that quarter of an hour, by id."""
        requests = sa.func.sum(_OF.requests)
        one, other = sa.func.min(_OF.provider_id), sa.func.max(_OF.provider_id)
        query = (
            sa.select(_OF.key_id, one, other, requests)
            .where(_rows(Grain.QUARTER_HOUR), _OF.start == start, _OF.key_id > after)
            .group_by(_OF.key_id)
            .having(requests >= requests_min)
            .order_by(_OF.key_id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                KeyUse(key_id, first if first == last else "", int(count))
                for key_id, first, last, count in connection.execute(query)
            ]

    def busiest_days(
        self, key_ids: Sequence[str], since: int, until: int
    ) -> Mapping[str, int]:
        """The most requests that each key had on one of these days."""
        return self._busiest(Grain.DAY, key_ids, since, until)

    def busiest_quarters(
        self, key_ids: Sequence[str], since: int, until: int
    ) -> Mapping[str, int]:
        """The most requests that each key had in one of these quarters of an hour."""
        return self._busiest(Grain.QUARTER_HOUR, key_ids, since, until)

    def first_days(self, key_ids: Sequence[str]) -> Mapping[str, int]:
        """The minute in which each key's first day of use began."""
        query = (
            sa.select(_OF.key_id, sa.func.min(_OF.start))
            .where(_rows(Grain.DAY), _THESE)
            .group_by(_OF.key_id)
        )
        return self._by_key(query, key_ids)

    def _busiest(
        self, grain: Grain, key_ids: Sequence[str], since: int, until: int
    ) -> Mapping[str, int]:
        each = (
            sa.select(_OF.key_id, sa.func.sum(_OF.requests).label("requests"))
            .where(_rows(grain), _OF.start >= since, _OF.start < until, _THESE)
            .group_by(_OF.key_id, _OF.start)
            .subquery()
        ).c
        query = sa.select(each.key_id, sa.func.max(each.requests)).group_by(each.key_id)
        return self._by_key(query, key_ids)

    def _by_key(self, query: sa.Select[Any], key_ids: Sequence[str]) -> dict[str, int]:
        with reading(self._engine) as connection:
            return {
                id: int(count)
                for batch in parted(key_ids, IDS_MAX)
                for id, count in connection.execute(query, {"ids": batch})
            }


def _rows(grain: Grain) -> sa.ColumnElement[bool]:
    return sa.and_(
        _OF.grain == grain, _OF.waiting.in_(_WAITING), _OF.verdict.not_in(_NO_GOOD_SECRET)
    )

"""Weeks of calls that never were, booked as a gateway books them: charts need a past."""

import math
import time
from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from keyhouse.adapters.database import Database
from keyhouse.core import ids
from keyhouse.core.addresses import parse_address
from keyhouse.core.compilation import compile_quotas
from keyhouse.core.entities import Limit
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.observations import Dimension, ObservationGroup, Seen
from keyhouse.core.quotas import Budget, span_of
from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    LogRow,
    UsageBatch,
    Use,
)
from keyhouse.core.verdict import Verdict
from keyhouse.ports import LeaseWanted

DAYS = 30
STEP_MINUTES = 15
_SHAPE = (0.0, 0.0, 0.02, 0.1, 0.3, 0.3, 0.16, 0.07, 0.03, 0.02)
"""How latencies spread over the slots: most at a few milliseconds."""


class Caller(NamedTuple):
    """A key in use: at its busiest, so many calls in a quarter of an hour."""

    organization: str
    api: str
    key: str
    application: str
    environment: str
    busiest: int
    refusal: Verdict = Verdict.RATE_LIMITED

    quota: Limit | None = None
    spent: int = 0

    @property
    def use(self) -> Use:
        """Whose calls these are."""
        owner = self.organization
        names = (owner, owner, self.api, "", self.key, 1, self.application)
        return Use(*names, self.environment, "")


def write_history(database: Database, callers: list[Caller]) -> None:
    """Thirty days of usage, the latest calls in the log, and strangers of tonight."""
    now_us = time.time_ns() // 1000
    batch = UsageBatch("spo_history", 0, 1)
    database.sink.open_spool(batch.spool_id, "nod_history", "boot")
    for number, caller in enumerate(callers):
        batch.buckets.update(_buckets(caller, now_us // 60_000_000, number))
        batch.log.extend(_log(caller, now_us, number))
        if caller.quota is not None:
            lease = _lease(database, batch.spool_id, caller, caller.quota)
            batch.settled[lease] = caller.spent
        batch.last_used[caller.key, 1] = now_us - (number * 7 + 1) * 60_000_000
    _add_strangers(batch, callers[0], now_us)
    _add_users(batch, callers[0], now_us)
    assert database.sink.book(batch)


_STRANGERS = (
    ("198.51.100.0/24", 5, {Verdict.UNKNOWN: 640, Verdict.UNAVAILABLE: 3_180}),
    ("2001:db8:77::/48", 5, {Verdict.UNKNOWN: 212}),
    ("203.0.113.0/24", 1, {Verdict.MALFORMED: 9}),
    ("192.0.2.0/24", 13, {Verdict.UNKNOWN: 4}),
)
"""Networks, how many hours ago they came, and what became of their keys."""


def _add_strangers(batch: UsageBatch, at: Caller, now_us: int) -> None:
    use = Use(at.organization, "", at.api, "", "", 0, "", "", "")
    for network, hours_ago, attempts in _STRANGERS:
        first_us = now_us - hours_ago * 3_600_000_000
        day, minute = first_us // 86_400_000_000, first_us // 60_000_000
        for verdict, requests in attempts.items():
            group = ObservationGroup(
                day, at.organization, "", at.api, "", verdict.number, Dimension.NETWORK
            )
            seen = Seen(requests, first_us, first_us + 1_500_000_000)
            batch.observations.setdefault(group, {})[network] = seen
            key = BucketKey(minute, use, verdict.number)
            batch.buckets.setdefault(key, Bucket()).requests += requests


_USERS = {"alice@northwind.example": (412, 3), "bob": (128, 0), "kiosk-17": (9, 61)}
"""Users of the first caller's application: how often they were served, and refused."""


def _add_users(batch: UsageBatch, at: Caller, now_us: int) -> None:
    day, first_us = now_us // 86_400_000_000, now_us - 1_800_000_000
    own, dimension = at.organization, Dimension.USER
    for verdict, place in ((Verdict.VALID, 0), (Verdict.RATE_LIMITED, 1)):
        names = (own, own, at.api, at.key)
        group = ObservationGroup(day, *names, verdict.number, dimension)
        for user, counts in _USERS.items():
            if counts[place]:
                seen = Seen(counts[place], first_us, now_us)
                value = f"{at.application}/{user}"
                batch.observations.setdefault(group, {})[value] = seen


def _lease(database: Database, spool: str, caller: Caller, quota: Limit) -> str:
    """What a caller has spent of its key's own quota, leased as a gateway does."""
    (compiled,) = compile_quotas([quota], ZoneInfo)
    names = (caller.organization, "key", caller.key, caller.environment, quota.name)
    span = span_of(compiled, time.time_ns() // 1000)
    wanted = LeaseWanted(Budget(*names), span, quota.amount, caller.spent, caller.spent)
    (leased,) = database.ledger.lease(spool, [wanted])
    assert leased.granted == caller.spent
    return leased.lease_id


def _buckets(
    caller: Caller, minute: int, number: int
) -> Iterator[tuple[BucketKey, Bucket]]:
    for back in range(0, DAYS * 24 * 60, STEP_MINUTES):
        at = minute - back - 1
        served = round(caller.busiest * _busy(at, number))
        refused = served // 9 if at // 240 % 5 == number % 5 else 0
        if served:
            yield BucketKey(at, caller.use, Verdict.VALID.number), _served(served)
        if refused:
            bucket = Bucket(requests=refused, units=0)
            yield BucketKey(at, caller.use, caller.refusal.number), bucket


def _busy(minute: int, number: int) -> float:
    """Of the day's rhythm, between nothing and all, a little different each hour."""
    hour = minute / 60
    rhythm = 0.55 + 0.4 * math.sin((hour - 8 + number * 3) * math.pi / 12)
    return max(0.0, rhythm + 0.12 * math.sin(hour * 2.3) + 0.08 * math.sin(minute * 0.7))


def _served(requests: int) -> Bucket:
    latency = [round(requests * share) for share in _SHAPE]
    latency += [0] * (LATENCY_SLOTS - len(latency))
    return Bucket(
        requests=requests,
        units=requests,
        errors=requests // 60,
        bytes_in=0,
        bytes_out=requests * 640,
        latency=latency,
    )


def _log(caller: Caller, now_us: int, number: int) -> Iterator[LogRow]:
    addresses = [parse_address(f"203.0.113.{last}") for last in (7, 7, 24)]
    for place in range(12):
        at_us = now_us - (place * 41 + number * 13 + 5) * 1_000_000
        fits = place % 5 != 3
        yield LogRow(
            # As real ones: by their time they are found among others.
            request_id=f"{ids.request_head(at_us // 1000)}h{number:06}{place:08}",
            at_us=at_us,
            use=caller.use,
            verdict=(Verdict.VALID if fits else caller.refusal).number,
            method="GET",
            path=("/forecast/oslo", "/forecast/lima", "/alerts")[place % 3],
            address=addresses[place % 3],
            status=(502 if place == 7 else 200) if fits else None,
            latency_us=2_100 + place * 370 if fits else None,
        )

"""Keys that are used far more than usual, each noticed within minutes, as an alert."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from keyhouse.core.alerts import alert_of
from keyhouse.core.baseline import (
    APART_MINUTES,
    QUARTER_MINUTES,
    REQUESTS_MIN,
    USUAL_MINUTES,
    Usual,
    is_spike,
    may_spike,
)
from keyhouse.core.entities import Alert, AlertKind, Key
from keyhouse.core.grains import DAY_MINUTES, MINUTE_US, Grain
from keyhouse.ports import Clock, KeyUse, Rows, UsageWatch, WritingTransaction
from keyhouse.services.jobs import Claim

LATE_MINUTES: Final = 5
"""After its end a quarter of an hour is left alone so long: by then it is booked. What a

node that was away brings later is not looked at.
"""
BEHIND_MAX: Final = 8
"""So many quarters of an hour are made up for, where use is rolled up late."""
KEYS_AT_ONCE: Final = 5000
"""All of a quarter of an hour is gone through for each such part."""
WRITTEN_AT_ONCE: Final = 50
"""Few enough that a gateway, which waits meanwhile, does not notice."""


class Spike(NamedTuple):
    """A key's use in a quarter of an hour, and the most that was usual."""

    use: KeyUse
    usual: int


class SpikeWatch:
    """Looks at each quarter of an hour once, after its end; one thread at a time.

    A process that takes over looks at the newest again, which changes nothing. One
    that ended while none was at work is passed over: what spikes goes on.
    """

    def __init__(self, rows: Rows, usage: UsageWatch, clock: Clock) -> None:
        self._rows = rows
        self._usage = usage
        self._clock = clock
        self._looked = 0
        """The minute up to which all was looked at."""

    def look(self, claim: Claim) -> int:
        """Raise what there is to be raised; returns of how many keys."""
        minute = self._clock.now_us() // MINUTE_US - LATE_MINUTES
        newest = minute - minute % QUARTER_MINUTES
        first = self._looked + QUARTER_MINUTES
        if not newest - BEHIND_MAX * QUARTER_MINUTES < first <= newest + QUARTER_MINUTES:
            first = newest
        raised = 0
        for end in range(first, newest + 1, QUARTER_MINUTES):
            if claim.stopped() or not self._is_rolled_up(end):
                break
            raised += self._look_at(claim, end)
            self._looked = end
        return raised

    def _is_rolled_up(self, end: int) -> bool:
        with self._rows.reading() as look:
            return not look.usage_waits(Grain.MINUTE, end)

    def _look_at(self, claim: Claim, end: int) -> int:
        raised, after, start = 0, "", end - QUARTER_MINUTES
        while True:
            busy = self._usage.busy_keys(
                start, REQUESTS_MIN, after=after, limit=KEYS_AT_ONCE
            )
            if not busy or claim.stopped():
                return raised
            after = busy[-1].key_id
            spikes = list(self._spikes(busy, start))
            for at in range(0, len(spikes), WRITTEN_AT_ONCE):
                with self._rows.writing() as tx:
                    claim.fence(tx)
                    raised += _raise(tx, spikes[at : at + WRITTEN_AT_ONCE], end)

    def _spikes(self, busy: Sequence[KeyUse], start: int) -> Iterator[Spike]:
        since, until = start - USUAL_MINUTES, start - APART_MINUTES
        # Days are few rows, and rule most keys out; only those of the time that
        # quarters are looked at in, whole.
        last = until - DAY_MINUTES + 1
        days = self._usage.busiest_days([one.key_id for one in busy], since, last)
        found = [one for one in busy if may_spike(one.requests, days.get(one.key_id, 0))]
        ids = [one.key_id for one in found]
        busiest = self._usage.busiest_quarters(ids, since, until)
        first = self._usage.first_days(ids)
        for one in found:
            usual = Usual(first.get(one.key_id), busiest.get(one.key_id, 0))
            if is_spike(one.requests, usual, start):
                yield Spike(one, usual.busiest)


def _raise(tx: WritingTransaction, spikes: Iterable[Spike], end: int) -> int:
    """Add to the day's alerts of these keys what ended at that minute; how many."""
    raised = 0
    of = {spike.use.key_id: spike for spike in spikes}
    for key in tx.find(Key, id=tuple(of)):
        alert = _alert(key, of[key.id], end)
        known = tx.get(Alert, alert.id)
        if known is None:
            tx.insert(alert)
        elif known.last_at < alert.last_at:
            tx.update(
                known,
                last_at=alert.last_at,
                count=known.count + 1,
                sample=alert.sample,
            )
        else:
            continue
        raised += 1
    return raised


def _alert(key: Key, spike: Spike, end: int) -> Alert:
    """What `count` counts is quarters of an hour."""
    first_us = (end - QUARTER_MINUTES) * MINUTE_US
    requests, usual = spike.use.requests, spike.usual
    sample = f"{requests:,} requests in {QUARTER_MINUTES} minutes, {usual:,} at most before"
    kind = AlertKind.USAGE_SPIKE
    alert = alert_of(key, spike.use.provider_id, kind, first_us, sample)
    return replace(alert, last_at=end * MINUTE_US)

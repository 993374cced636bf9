"""Sums up what is counted: the entries of a spool, as they come or read back."""

import time
from collections.abc import Iterator
from typing import Final

from keyhouse.core.addresses import UNKNOWN, source_network
from keyhouse.core.latency import LATENCY_SLOTS, latency_slot
from keyhouse.core.usage import (
    NO_REFUND,
    Bucket,
    BucketKey,
    KeyPlace,
    LogAmendment,
    LogRow,
    Refund,
    UsageBatch,
    Use,
)
from keyhouse.core.verdict import Verdict
from keyhouse.services.meter.strangers import Networks, Strangers
from keyhouse.services.meter.told import ToldPlaces, shared_out
from keyhouse.services.meter.users import Counted, users_seen

NETWORKS_MAX: Final = 16
"""So many networks of a key's use are noted in one stretch of half a second."""
LOG_ROWS_MAX: Final = 500
"""Lines of the request log that one batch may hold; usage counts all."""
BREATH_SECONDS: Final = 0.0001
"""For who sums up beside a loop that serves: it has its turn meanwhile."""
SUMS_AT_ONCE: Final = 64
_MINUTE_US: Final = 60_000_000
_SERVER_ERROR: Final = 500
_VALID: Final = Verdict.VALID.number
_NONE_YET: Final = 1 << 62
_UNSEEN: Final = frozenset(
    (
        Verdict.MISSING.number,
        Verdict.MALFORMED.number,
        Verdict.UNKNOWN.number,
        Verdict.CONFLICTING_CREDENTIALS.number,
    )
)


class Sums:
    """A bucket in the making, with what else is known by whose use it is.

    What was given back is taken off `units`, which may be below 0 so. `network` is the
    one that a key's calls came from, and `more` has all of them where there are
    several; of what was not let through it is not of interest.
    """

    __slots__ = (
        "address",
        "bytes_in",
        "bytes_out",
        "errors",
        "given_back",
        "last_us",
        "latency",
        "latency_us",
        "minute",
        "more",
        "network",
        "networks",
        "requests",
        "units",
        "use",
        "verdict",
    )

    def __init__(
        self, minute: int, use: Use, verdict: int, networks: Networks | None
    ) -> None:
        self.requests = self.units = self.errors = self.bytes_in = self.bytes_out = 0
        self.given_back = 0
        self.latency = [0] * LATENCY_SLOTS
        self.latency_us = 0
        self.networks = networks
        self.address = self.network = UNKNOWN
        self.more: set[int] | None = None
        self.minute = minute
        self.use = use
        self.verdict = verdict
        self.last_us = 0

    def move(self, address: int) -> None:
        """Note that calls come from another address now."""
        self.address = address
        if self.verdict != _VALID or address == UNKNOWN:
            return
        network, first = source_network(address), self.network
        if first == UNKNOWN:
            self.network = network
        elif self.more is not None:
            if len(self.more) < NETWORKS_MAX:
                self.more.add(network)
        elif network != first:
            self.more = {first, network}

    def seen(self) -> tuple[int, ...]:
        """The networks that calls with the key were let through from."""
        if self.more is not None:
            return tuple(self.more)
        return () if self.network == UNKNOWN else (self.network,)


class Rolling:
    """One stretch of a spool, summed up entry by entry.

    The log keeps the first `log_rows_max` requests, none where that is 0. An
    exchange that ended in the stretch it began in has its end in its row; one
    that began before the first of them is amended. It counts as an error when its upstream
    answered 5xx or nothing. Sums are found by the identity of a `Use`, which
    its maker holds on to: hashing one for each entry takes most of the time.
    `beside` has how many came by another door than the usual one, by door and verdict.
    `apart` has the identities of uses whose address is not their application's: where
    a page is read, and where a user is, is nobody's affair.
    """

    __slots__ = (
        "_amendments",
        "_begin_us",
        "_end_us",
        "_first_us",
        "_log",
        "_log_rows_max",
        "_minutes",
        "_rows",
        "_settled",
        "_strangers",
        "_sums",
        "apart",
        "beside",
    )

    def __init__(self, log_rows_max: int = LOG_ROWS_MAX) -> None:
        self._log_rows_max = log_rows_max
        self._minutes: dict[int, dict[int, Sums]] = {}
        self._sums: dict[int, Sums] = {}
        self._begin_us = self._end_us = 0
        self._first_us = _NONE_YET
        self._settled: dict[tuple[str, ...], int] = {}
        self._strangers = Strangers()
        self._log: list[LogRow] = []
        self._rows: dict[str, LogRow] = {}
        self._amendments: list[LogAmendment] = []
        self.beside: dict[tuple[str, int], int] = {}
        self.apart: set[int] = set()

    def served(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        method: str,
        path: str,
        address: int,
        units: int,
        lease_ids: tuple[str, ...],
    ) -> None:
        """Add a request that was answered: a `Served`."""
        if not self._begin_us <= at_us < self._end_us:
            self._turn_to(at_us)
        sums = self._sums.get(id(use) << 8 | verdict) or self._begun(use, verdict)
        sums.requests += 1
        sums.last_us = at_us
        if address != sums.address:
            sums.move(address)
        if units:
            sums.units += units
            if lease_ids:
                settled = self._settled
                settled[lease_ids] = settled.get(lease_ids, 0) + units
        elif sums.networks is not None:
            sums.networks.add(address, at_us)
        if len(self._log) < self._log_rows_max:
            if not self._log:
                self._first_us = at_us
            row = LogRow(request_id, at_us, use, verdict, method, path, address, None, None)
            self._log.append(row)
            self._rows[request_id] = row

    def completed(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
        refund: Refund = NO_REFUND,
    ) -> None:
        """Add a `Completed`: the exchange may have begun in an earlier stretch."""
        if not self._begin_us <= at_us < self._end_us:
            self._turn_to(at_us)
        sums = self._sums.get(id(use) << 8 | verdict) or self._begun(use, verdict)
        if status >= _SERVER_ERROR or not status:
            sums.errors += 1
        sums.bytes_in += bytes_in
        sums.bytes_out += bytes_out
        sums.latency[latency_slot(latency_us)] += 1
        sums.latency_us += latency_us
        if refund is not NO_REFUND:
            units, lease_ids = refund
            sums.units -= units
            sums.given_back += units
            if lease_ids:
                self._settled[lease_ids] = self._settled.get(lease_ids, 0) - units
        row = self._rows.get(request_id)
        if row is not None:
            row.status, row.latency_us = status, latency_us
        elif at_us <= self._first_us and len(self._amendments) < self._log_rows_max:
            # What began after the log was full has no row to amend.
            self._amendments.append(LogAmendment(request_id, status, latency_us))

    def batch(
        self, spool_id: str, start: int, end: int, told: ToldPlaces | None = None
    ) -> UsageBatch:
        """All of it as what is to be booked; the same however often it is asked for.

        Networks of keys that were `told` before are left out.
        """
        batch = UsageBatch(spool_id, start, end)
        batch.log, batch.amendments = self._log, self._amendments
        batch.observations = self._strangers.observations()
        batch.observations.update(users_seen(self._counted()))
        for lease_ids, units in self._settled.items():
            for lease_id in lease_ids:
                batch.settled[lease_id] = batch.settled.get(lease_id, 0) + units
        places: dict[KeyPlace, int] = {}
        for number, sums in enumerate(self.sums()):
            if number % SUMS_AT_ONCE == 0:
                time.sleep(BREATH_SECONDS)
            _put(batch, sums)
            if sums.use.key_id and id(sums.use) not in self.apart:
                _place(places, sums, told)
        batch.key_networks = shared_out(places)
        return batch

    def sums(self) -> Iterator[Sums]:
        """Each sum, whoever it is of."""
        for minute in self._minutes.values():
            yield from minute.values()

    def _counted(self) -> Iterator[Counted]:
        for minute in self._minutes.values():
            for one in minute.values():
                yield Counted(one.minute, one.use, one.verdict, one.requests, one.last_us)

    def _turn_to(self, at_us: int) -> None:
        """Go on in the minute of `at_us`; an exchange may end in a later one."""
        minute = at_us // _MINUTE_US
        self._begin_us = minute * _MINUTE_US
        self._end_us = self._begin_us + _MINUTE_US
        self._sums = self._minutes.setdefault(minute, {})

    def _begun(self, use: Use, verdict: int) -> Sums:
        minute = self._begin_us // _MINUTE_US
        networks = self._strangers.of(self._begin_us, use, verdict)
        sums = Sums(minute, use, verdict, networks)
        self._sums[id(use) << 8 | verdict] = sums
        return sums


def _put(batch: UsageBatch, sums: Sums) -> None:
    """Add one bucket; two objects may tell of the same use."""
    use = sums.use
    bucket = batch.buckets.setdefault(BucketKey(sums.minute, use, sums.verdict), Bucket())
    bucket.requests += sums.requests
    bucket.units += sums.units
    bucket.errors += sums.errors
    bucket.bytes_in += sums.bytes_in
    bucket.bytes_out += sums.bytes_out
    bucket.latency = [a + b for a, b in zip(bucket.latency, sums.latency, strict=True)]
    if use.key_id and sums.last_us and sums.verdict not in _UNSEEN:
        seen = (use.key_id, use.secret_version)
        batch.last_used[seen] = max(batch.last_used.get(seen, 0), sums.last_us)


def _place(places: dict[KeyPlace, int], sums: Sums, told: ToldPlaces | None) -> None:
    """Add where calls of a key came from, as far as that is news."""
    use = sums.use
    for network in sums.seen():
        place = KeyPlace(use.consumer_id, use.key_id, network)
        if told is None or not told.holds(place):
            places[place] = max(places.get(place, 0), sums.last_us)

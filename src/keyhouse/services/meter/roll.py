"""Rolls a stretch of a spool up into the batch that books it."""

import time
from typing import Final

from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    Completed,
    LogAmendment,
    LogRow,
    Served,
    UsageBatch,
    Use,
    latency_slot,
)
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Stretch

LOG_ROWS_MAX: Final = 1000
"""Lines of the request log that one batch may hold; usage counts all."""
_MINUTE_US: Final = 60_000_000
_SERVER_ERROR: Final = 500
_BREATH: Final = 0xFF
_UNSEEN: Final = frozenset(
    (
        Verdict.MISSING.number,
        Verdict.MALFORMED.number,
        Verdict.UNKNOWN.number,
        Verdict.CONFLICTING_CREDENTIALS.number,
    )
)


def roll(spool_id: str, stretch: Stretch, log_rows_max: int = LOG_ROWS_MAX) -> UsageBatch:
    """Everything that `stretch` says, summed up.

    The log keeps the first `log_rows_max` requests, none where that is 0. An
    exchange that ended in the stretch it began in has its end in its row;
    one that began earlier is amended. An exchange counts as an error when
    its upstream answered 5xx or nothing.
    """
    batch = UsageBatch(spool_id, stretch.start, stretch.end)
    rolling = _Rolling(batch, log_rows_max)
    for index, entry in enumerate(stretch.entries):
        if entry.__class__ is Served:
            rolling.served(entry)
        else:
            rolling.completed(entry)  # type: ignore[arg-type]  # there are but two
        if not index & _BREATH:
            time.sleep(0)  # the thread that answers requests has its turn
    return batch


class _Rolling:
    """Sums by the identity of a `Use`, which a stretch has once: hashing a

    whole bucket key for each entry takes most of the time otherwise.
    """

    def __init__(self, batch: UsageBatch, log_rows_max: int) -> None:
        self._batch = batch
        self._log_rows_max = log_rows_max
        self._buckets: dict[tuple[int, int, int], Bucket] = {}
        self._rows: dict[str, LogRow] = {}

    def served(self, entry: Served) -> None:
        (request_id, at_us, use, verdict, method, path, address, units, lease_ids) = entry
        batch = self._batch
        bucket = self._bucket(at_us // _MINUTE_US, use, verdict)
        bucket.requests += 1
        bucket.units += units
        for lease_id in lease_ids:
            batch.settled[lease_id] = batch.settled.get(lease_id, 0) + units
        if use.key_id and verdict not in _UNSEEN:
            seen = (use.key_id, use.secret_version)
            if at_us > batch.last_used.get(seen, 0):
                batch.last_used[seen] = at_us
        if len(batch.log) < self._log_rows_max:
            row = LogRow(request_id, at_us, use, verdict, method, path, address, None, None)
            batch.log.append(row)
            self._rows[request_id] = row

    def completed(self, entry: Completed) -> None:
        (request_id, at_us, use, verdict, status, latency_us, bytes_in, bytes_out) = entry
        bucket = self._bucket(at_us // _MINUTE_US, use, verdict)
        if status >= _SERVER_ERROR or not status:
            bucket.errors += 1
        bucket.bytes_in += bytes_in
        bucket.bytes_out += bytes_out
        bucket.latency[latency_slot(latency_us)] += 1
        row = self._rows.get(request_id)
        if row is not None:
            row.status, row.latency_us = status, latency_us
        elif len(self._batch.amendments) < self._log_rows_max:
            amendment = LogAmendment(request_id, status, latency_us)
            self._batch.amendments.append(amendment)

    def _bucket(self, minute: int, use: Use, verdict: int) -> Bucket:
        known = (minute, id(use), verdict)
        bucket = self._buckets.get(known)
        if bucket is None:
            key = BucketKey(minute, use, verdict)
            bucket = self._buckets[known] = self._batch.buckets.setdefault(key, Bucket())
        return bucket

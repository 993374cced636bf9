"""What a process has decided since it began, added up from the sums of its meter."""

from collections import Counter, deque
from typing import Final

from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.metrics import Counted, Readings
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.services.meter.rolling import Rolling

WAITING_MAX: Final = 4096
"""Stretches that nobody has read yet: half an hour of them."""
_SECOND_US: Final = 1_000_000
_SUMS: Final = ("units", "units_given_back", "upstream_errors", "bytes_in", "bytes_out")


class Totals:
    """Sums over all that was metered. `door` is the usual one.

    `take` is called on the appending thread and costs it next to nothing; `add_to`
    on another one, which does the adding.
    """

    def __init__(self, door: str) -> None:
        self._door = door
        self._waiting: deque[Rolling] = deque(maxlen=WAITING_MAX)
        self._decisions: Counter[tuple[str, int]] = Counter()
        self._sums: Counter[str] = Counter()
        self._latency = [0] * LATENCY_SLOTS

    def take(self, rolling: Rolling) -> None:
        """A stretch has been ended: nothing is added to it any more."""
        self._waiting.append(rolling)

    def add_to(self, readings: Readings) -> None:
        """Tell all that was counted up to the last stretch."""
        while self._waiting:
            self._read(self._waiting.popleft())
        readings["decisions_total"] = {
            (door, BY_NUMBER[number].code): count
            for (door, number), count in self._decisions.items()
            if count
        }
        for name in _SUMS:
            readings[f"{name}_total"] = {(): self._sums[name]}
        readings["request_seconds"] = {(): self._seconds()}

    def _seconds(self) -> Counted:
        return Counted(tuple(self._latency), self._sums["latency_us"] / _SECOND_US)

    def _read(self, rolling: Rolling) -> None:
        for sums in rolling.sums():
            self._decisions[self._door, sums.verdict] += sums.requests
            # Of a call that began in an earlier stretch there is only what came back.
            self._sums["units"] += sums.units + sums.given_back
            self._sums["units_given_back"] += sums.given_back
            self._sums["upstream_errors"] += sums.errors
            self._sums["bytes_in"] += sums.bytes_in
            self._sums["bytes_out"] += sums.bytes_out
            self._sums["latency_us"] += sums.latency_us
            for slot, count in enumerate(sums.latency):
                self._latency[slot] += count
        for (door, number), count in rolling.beside.items():
            self._decisions[door, number] += count
            self._decisions[self._door, number] -= count

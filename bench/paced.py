"""An open-loop load: requests come when they are due, whatever became of others.

`python -m bench.paced` reads from stdin `{"port": …, "requests": ["…"], "rate": …,
"counts": […], "connections": …}`, makes as many requests as all of `counts` together
without a pause, and prints of each part `{"p50_us": …, "p99_us": …, "max_us": …,
"late_p99_us": …}` in a list. A latency counts from the moment a request was due: one that
waited for a free connection because answers were slow is told as slow
(otherwise the load would wait politely wherever the server stalls, and never
see it: coordinated omission). `late` is how long after that moment requests
left that found a connection free, which is the load's own doing.
"""

import ctypes
import json
import math
import os
import re
import select
import socket
import sys
from collections import deque
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any, Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END: Final = b"\r\n\r\n"
_MONOTONIC: Final = 1
_PATIENCE_NS: Final = 10_000_000_000
_BEGIN_NS: Final = 20_000_000


class _Connection:
    """One request after the other.

    `due_ns` is when the one in flight was due, and `part` that which it belongs to.
    """

    __slots__ = ("due_ns", "got", "needed", "part", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due_ns = 0
        self.part = _Part()
        self.got = b""
        self.needed = 0

    def answered(self) -> bool:
        """Take what has come; whether that completes an answer. It must be a 200."""
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError("closed before its answer")
        if self.got:
            data = self.got + data
        if not self.needed:
            end = data.find(_END) + 4
            if end < 4:
                self.got = data
                return False
            length = _LENGTH.search(data, 0, end)
            if data[9:12] != b"200" or length is None:
                raise ConnectionError(f"answered {data[:200]!r}")
            self.needed = end + int(length[1])
        if len(data) < self.needed:
            self.got = data
            return False
        self.got, self.needed = b"", 0
        return True


class _Part:
    """Some of a run's requests: nanoseconds that they took, and left too late."""

    def __init__(self) -> None:
        self.took: list[int] = []
        self.late: list[int] = []

    def told(self) -> dict[str, float]:
        return {
            "p50_us": _percentile(self.took, 0.5),
            "p99_us": _percentile(self.took, 0.99),
            "max_us": max(self.took) / 1000,
            "late_p99_us": _percentile(self.late, 0.99),
        }


class _Timer:
    """Wakes an epoll at even intervals, far finer than its own milliseconds."""

    def __init__(self, interval_ns: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        every = divmod(interval_ns, 1_000_000_000)
        spec = (ctypes.c_long * 4)(*every, *every)
        if self.descriptor < 0 or libc.timerfd_settime(self.descriptor, 0, spec, None):
            raise OSError(ctypes.get_errno(), "no timer")


def run(
    port: int,
    requests: Sequence[bytes],
    rate: float,
    counts: Sequence[int],
    connections: int,
) -> list[dict[str, float]]:
    """Make requests, `rate` a second; raises ConnectionError on any failure."""
    interval_ns = 1e9 / rate
    poll = select.epoll()
    timer = _Timer(round(interval_ns))
    poll.register(timer.descriptor, select.EPOLLIN)
    all_of = [_Connection(port) for _ in range(connections)]
    by_descriptor = {one.socket.fileno(): one for one in all_of}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    free = deque(all_of)
    parts = [_Part() for _ in counts]
    part_of = [part for part, size in zip(parts, counts, strict=True) for _ in range(size)]
    count = len(part_of)
    sent = answered = 0
    begin = perf_counter_ns() + _BEGIN_NS
    due = heard = begin
    waited = False
    while answered < count:
        now = perf_counter_ns()
        while sent < count and due <= now and free:
            one = free.popleft()
            one.due_ns, one.part = due, part_of[sent]
            one.socket.send(requests[sent % len(requests)])
            if not waited:
                one.part.late.append(now - due)
            sent += 1
            due = begin + int(sent * interval_ns)
        waited = sent < count and due <= now
        for descriptor, _ in poll.poll(1):
            arrived = by_descriptor.get(descriptor)
            if arrived is None:
                os.read(timer.descriptor, 8)
            elif arrived.answered():
                heard = perf_counter_ns()
                arrived.part.took.append(heard - arrived.due_ns)
                answered += 1
                free.append(arrived)
        if now - heard > _PATIENCE_NS:
            raise ConnectionError(f"{answered} of {count} answered, and no more")
    return [part.told() for part in parts]


def _percentile(values: list[int], share: float) -> float:
    """Of nanoseconds, in microseconds: so many of them took no longer."""
    if not values:
        return 0.0
    return sorted(values)[math.ceil(share * len(values)) - 1] / 1000


def main() -> None:
    """As told on stdin."""
    asked: dict[str, Any] = json.load(sys.stdin)
    requests = [one.encode("latin-1") for one in asked.pop("requests")]
    print(json.dumps(run(requests=requests, **asked)))


if __name__ == "__main__":
    main()

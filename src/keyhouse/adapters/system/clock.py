"""The machine's clocks."""

from time import CLOCK_BOOTTIME, clock_gettime_ns, time_ns


class SystemClock:
    """`ports.Clock`: the wall clock, and CLOCK_BOOTTIME.

    CLOCK_MONOTONIC stands still while a machine is suspended; with it a
    laptop that wakes would take an hours-old cache for fresh.
    """

    def now_us(self) -> int:
        """Microseconds since 1970, UTC. May step when the clock is set."""
        return time_ns() // 1000

    def monotonic_us(self) -> int:
        """Microseconds since the kernel started, suspension included."""
        return clock_gettime_ns(CLOCK_BOOTTIME) // 1000

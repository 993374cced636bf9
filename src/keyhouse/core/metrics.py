"""What Keyhouse measures of itself: the one table of all metrics.

A process fills in `Readings`; whoever shows them takes name, kind, help and
labels from here. No label holds what a stranger could make more of: no key, no
address, no path.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.latency import LATENCY_SLOTS

PREFIX: Final = "keyhouse_"
PROCESS: Final = "process"
"""The label that every metric has: which process of the machine, as `gateway-0`."""


class MetricKind(StrEnum):
    """What a number means from one look to the next."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric. A counter's `name` ends with `_total`. `bounds` are a histogram's."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class Counted(NamedTuple):
    """A histogram's counts, one more than it has bounds; `total` is the sum of what

    was counted.
    """

    counts: Sequence[int]
    total: float


Values = dict[tuple[str, ...], "float | Counted"]
"""By the values of a metric's labels, in their order."""
Readings = dict[str, Values]
"""By the name of a metric."""

REQUEST_BOUNDS: Final = tuple(
    (100 << slot) / 1_000_000 for slot in range(LATENCY_SLOTS - 1)
)
DELAY_BOUNDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25),
    *(0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
"""The promised bounds, 100 ms on one machine and 1 s across nodes, are among them."""

_COUNTER, _GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
_HISTOGRAM: Final = MetricKind.HISTOGRAM

METRICS: Final = (
    # What was decided.
    Metric(
        "decisions_total",
        _COUNTER,
        "Requests that were decided on and counted.",
        ("door", "verdict"),
    ),
    Metric("units_total", _COUNTER, "Units that allowed requests spent or reserved."),
    Metric(
        "units_given_back_total",
        _COUNTER,
        "Units of these that came back, as the call cost less.",
    ),
    Metric(
        "request_seconds",
        _HISTOGRAM,
        "Time from a request's head to the end of its answer.",
        (),
        REQUEST_BOUNDS,
    ),
    Metric(
        "upstream_errors_total",
        _COUNTER,
        "Counted requests whose upstream answered 5xx or nothing.",
    ),
    Metric("bytes_in_total", _COUNTER, "Bytes of requests' bodies."),
    Metric("bytes_out_total", _COUNTER, "Bytes of answers' bodies."),
    # Changes.
    Metric(
        "revocation_seconds",
        _HISTOGRAM,
        "From a change's commit until it was in force in this process.",
        (),
        DELAY_BOUNDS,
    ),
    Metric("change_applied_seq", _GAUGE, "The newest change that is in force here."),
    Metric("change_confirmed_age_seconds", _GAUGE, "Since the change log was last read."),
    Metric("ready", _GAUGE, "1 while the change log is read in time, otherwise 0."),
    # The cache, and what is not in it.
    Metric("cache_secrets", _GAUGE, "Secrets held in memory."),
    Metric("cache_records", _GAUGE, "Keys, applications, APIs and the like in memory."),
    Metric("cache_bytes", _GAUGE, "About what the cache takes: see cache.bytes_max."),
    Metric("cache_misses_total", _COUNTER, "Look-ups in the database."),
    Metric(
        "cache_misses_refused_total",
        _COUNTER,
        "Look-ups that the budget for them did not allow.",
    ),
    # Counting.
    Metric("leases_held", _GAUGE, "Budgets of which this process holds a lease."),
    Metric("spool_fill_ratio", _GAUGE, "How much of the spool waits to be booked."),
    Metric("counters_up", _GAUGE, "1 while the shared rate counters answer, otherwise 0."),
    # Connections.
    Metric("connections", _GAUGE, "Callers that are connected."),
    Metric("tunnels", _GAUGE, "WebSockets that are open."),
    Metric("upstream_connections", _GAUGE, "Connections to upstreams.", ("state",)),
    Metric("upstream_dials_failed_total", _COUNTER, "Connections that no upstream took."),
    # The management process.
    Metric(
        "management_requests_total",
        _COUNTER,
        "Requests to the management API.",
        ("operation", "status"),
    ),
    Metric(
        "console_requests_total", _COUNTER, "Requests to the console.", ("page", "status")
    ),
    Metric("job_runs_total", _COUNTER, "Rounds of the worker.", ("task", "outcome")),
    Metric(
        "job_last_success_timestamp_seconds",
        _GAUGE,
        "When a job was last done to its end here.",
        ("task",),
    ),
    Metric(
        "webhook_attempts_total", _COUNTER, "Attempts to deliver an event.", ("outcome",)
    ),
    Metric("mails_total", _COUNTER, "Attempts to hand over a mail.", ("outcome",)),
    # The parent of `keyhouse serve`.
    Metric(
        "restarts_total",
        _COUNTER,
        "Processes that ended or hung, and were started anew.",
        ("name", "reason"),
    ),
    # The process itself.
    Metric("build_info", _GAUGE, "1, with what it is.", ("version", "python")),
    Metric("process_start_time_seconds", _GAUGE, "When the process began to serve."),
    Metric("process_resident_bytes", _GAUGE, "Memory that the process has."),
    Metric("process_cpu_seconds_total", _COUNTER, "Time that processors spent on it."),
)
BY_NAME: Final[Mapping[str, Metric]] = {metric.name: metric for metric in METRICS}

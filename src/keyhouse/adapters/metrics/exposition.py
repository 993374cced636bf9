"""Readings in the text format of Prometheus, version 0.0.4."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from keyhouse.core.metrics import (
    METRICS,
    PREFIX,
    PROCESS,
    Counted,
    Metric,
    MetricKind,
    Readings,
)

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def exposition(processes: Mapping[str, Readings]) -> bytes:
    """The readings of all processes, by their names, in one text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gathered(processes))
    return generate_latest(registry)


class _Gathered(Collector):
    """What was read, in the order of the table."""

    def __init__(self, processes: Mapping[str, Readings]) -> None:
        self._processes = processes

    def describe(self) -> list[Family]:
        """Nothing before it is asked for."""
        return []

    def collect(self) -> Iterator[Family]:
        """A family for each metric that any process has read."""
        for metric in METRICS:
            if any(metric.name in readings for readings in self._processes.values()):
                yield self._family(metric)

    def _family(self, metric: Metric) -> Family:
        family = _empty(metric)
        for process, readings in self._processes.items():
            for labels, value in readings.get(metric.name, {}).items():
                told = [process, *labels]
                if isinstance(family, HistogramMetricFamily):
                    if isinstance(value, Counted):
                        _add_histogram(family, told, metric, value)
                elif not isinstance(value, Counted):
                    family.add_metric(told, value)
        return family


def _empty(
    metric: Metric,
) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily:
    name, labels = f"{PREFIX}{metric.name}", [PROCESS, *metric.labels]
    match metric.kind:
        case MetricKind.COUNTER:
            return CounterMetricFamily(name, metric.help, labels=labels)
        case MetricKind.GAUGE:
            return GaugeMetricFamily(name, metric.help, labels=labels)
        case MetricKind.HISTOGRAM:
            return HistogramMetricFamily(name, metric.help, labels=labels)


def _add_histogram(
    family: HistogramMetricFamily, labels: list[str], metric: Metric, value: Counted
) -> None:
    bounds = [*map(floatToGoString, metric.bounds), "+Inf"]
    counts = [float(count) for count in accumulate(value.counts)]
    family.add_metric(labels, list(zip(bounds, counts, strict=True)), value.total)

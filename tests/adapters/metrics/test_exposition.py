"""The text that Prometheus reads, read back with Prometheus' own parser."""

import math

from prometheus_client.parser import text_string_to_metric_families

from keyhouse.adapters.metrics.exposition import exposition
from keyhouse.core.metrics import METRICS, PREFIX, Counted, Metric, MetricKind, Readings


def _samples(processes: dict[str, Readings]) -> dict[tuple[str, ...], float]:
    text = exposition(processes).decode()
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _value(metric: Metric) -> float | Counted:
    if metric.kind is MetricKind.HISTOGRAM:
        return Counted([1] * (len(metric.bounds) + 1), 2.5)
    return 3


def test_each_metric_of_the_table_is_told_with_kind_and_help() -> None:
    whole: Readings = {m.name: {m.labels: _value(m)} for m in METRICS}
    text = exposition({"gateway-0": whole}).decode()
    for metric in METRICS:
        name = f"{PREFIX}{metric.name}"
        assert f"# TYPE {name} {metric.kind.value}\n" in text
        assert f"# HELP {name} {metric.help}\n" in text
    families = list(text_string_to_metric_families(text))
    assert len(families) == len(METRICS)


def test_processes_are_told_apart() -> None:
    """Added up, a restart of one would look like calls that were never made."""
    told = _samples(
        {
            "gateway-0": {"decisions_total": {("proxy", "valid"): 7}},
            "gateway-1": {"decisions_total": {("proxy", "valid"): 5}, "ready": {(): 1}},
        }
    )
    assert told == {
        ("keyhouse_decisions_total", "door=proxy", "process=gateway-0", "verdict=valid"): 7,
        ("keyhouse_decisions_total", "door=proxy", "process=gateway-1", "verdict=valid"): 5,
        ("keyhouse_ready", "process=gateway-1"): 1,
    }


def test_a_histogram_is_told_in_sums_up_to_each_bound() -> None:
    counts = [0] * 20
    counts[1], counts[19] = 3, 2
    told = _samples({"gateway-0": {"revocation_seconds": {(): Counted(counts, 4.5)}}})
    buckets = {
        float(name[1].removeprefix("le=")): value
        for name, value in told.items()
        if name[0].endswith("_bucket")
    }
    assert (buckets[0.001], buckets[0.0025], buckets[300.0]) == (0, 3, 3)
    assert buckets[math.inf] == 5
    assert told["keyhouse_revocation_seconds_sum", "process=gateway-0"] == 4.5
    assert told["keyhouse_revocation_seconds_count", "process=gateway-0"] == 5


def test_nothing_measured_is_an_empty_text() -> None:
    assert exposition({}) == b""

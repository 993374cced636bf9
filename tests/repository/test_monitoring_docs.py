"""What is told of the metrics is what there is."""

import re
from typing import Any

import yaml

from keyhouse.core.metrics import BY_NAME, METRICS, PREFIX, PROCESS, Metric, MetricKind
from tests.repository.places import ROOT

HOW_TO = ROOT / "docs" / "how-to"
PAGE = (HOW_TO / "monitor.md").read_text("utf-8")
ALERTS: dict[str, Any] = yaml.safe_load(
    (HOW_TO / "prometheus-alerts.yml").read_text("utf-8")
)
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
_NAME = re.compile(rf"\b{PREFIX}\w+")
_LABELS = re.compile(r"{([^{}]*)}|\bby \(([^)]*)\)")
OF_PROMETHEUS = {"instance", "le"}


def _told() -> dict[str, tuple[str, tuple[str, ...]]]:
    """The rows of the page's table: name to kind and labels."""
    rows = [line.strip("| ").split(" |") for line in PAGE.splitlines() if line[:3] == "| `"]
    return {
        row[0].strip("` "): (row[1].strip(), tuple(re.findall(r"`(\w+)`", row[2])))
        for row in rows
    }


def _samples(metric: Metric) -> set[str]:
    """The names under which Prometheus has it."""
    name = f"{PREFIX}{metric.name}"
    if metric.kind is not MetricKind.HISTOGRAM:
        return {name}
    return {f"{name}_bucket", f"{name}_sum", f"{name}_count"}


def test_the_page_tells_of_each_metric_and_of_no_other() -> None:
    """An operator builds charts and alerts on it."""
    assert _told() == {
        f"{PREFIX}{metric.name}": (metric.kind.value, metric.labels) for metric in METRICS
    }


def test_names_are_as_prometheus_asks() -> None:
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
        assert (metric.kind is MetricKind.HISTOGRAM) == bool(metric.bounds)
        assert sorted(metric.bounds) == list(metric.bounds)
        assert not {PROCESS, "job", "instance", "le"} & set(metric.labels)
    assert len(BY_NAME) == len(METRICS)


def test_alerts_name_what_there_is() -> None:
    """An alert on a metric that does not exist never tells of anything."""
    known = {name for metric in METRICS for name in _samples(metric)}
    labels = {PROCESS, *OF_PROMETHEUS, *(one for m in METRICS for one in m.labels)}
    assert len(RULES) >= 8
    for rule in RULES:
        named = set(_NAME.findall(rule["expr"]))
        assert named, rule["alert"]
        assert named <= known, rule["alert"]
        for inside, by in _LABELS.findall(rule["expr"]):
            used = re.findall(r"(\w+)\s*=", inside) + re.findall(r"\w+", by)
            assert set(used) <= labels, rule["alert"]
        told = "".join(map(str, rule["annotations"].values()))
        assert set(re.findall(r"\$labels\.(\w+)", told)) <= labels
        assert rule["annotations"]["summary"]


def test_queries_of_the_page_name_what_there_is() -> None:
    known = {name for metric in METRICS for name in _samples(metric)}
    known |= {f"{PREFIX}{metric.name}" for metric in METRICS}
    assert set(_NAME.findall(PAGE)) <= known

"""`/metrics` on a listener of its own: no key, no database, nothing else."""

from keyhouse.doors.metrics.listener import MetricsListener

__all__ = ["MetricsListener"]

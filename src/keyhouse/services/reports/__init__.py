"""Reports: what was counted, read back."""

from keyhouse.services.reports.queries import (
    GROUPS,
    READ_REQUESTS,
    READ_USAGE,
    Step,
    UsageWish,
    list_requests,
    report_usage,
)

__all__ = [
    "GROUPS",
    "READ_REQUESTS",
    "READ_USAGE",
    "Step",
    "UsageWish",
    "list_requests",
    "report_usage",
]

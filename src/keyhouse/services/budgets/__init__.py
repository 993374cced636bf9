"""Quotas on the path of a request: what a node has leased, and spends."""

from keyhouse.services.budgets.book import (
    Exhausted,
    Granted,
    LeaseBook,
    Reserved,
    Short,
    lease_together,
)

__all__ = ["Exhausted", "Granted", "LeaseBook", "Reserved", "Short", "lease_together"]

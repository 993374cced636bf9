"""Explaining: every reason for a refusal, with its mend; nothing is spent."""

from keyhouse.services.explain.asking import COST_MAX, Asked, read_request
from keyhouse.services.explain.bearers import Claims
from keyhouse.services.explain.queries import (
    NOT_KEPT,
    Explained,
    explain_key,
    explain_request,
)

__all__ = [
    "COST_MAX",
    "NOT_KEPT",
    "Asked",
    "Claims",
    "Explained",
    "explain_key",
    "explain_request",
    "read_request",
]

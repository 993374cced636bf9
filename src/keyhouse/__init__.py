"""Keyhouse: API keys for the people who offer an HTTP API and those who call it."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyhouse.core.decision import Decision
    from keyhouse.core.verdict import Verdict
    from keyhouse.doors.guard import Principal
    from keyhouse.services.reserve import Settled, Unsettled
    from keyhouse.wiring import Keyhouse

__all__ = [
    "Decision",
    "Keyhouse",
    "Principal",
    "Settled",
    "Unsettled",
    "Verdict",
    "__version__",
]
__version__ = "0.1.0"

_HOMES = {
    "Decision": "keyhouse.core.decision",
    "Keyhouse": "keyhouse.wiring",
    "Principal": "keyhouse.doors.guard",
    "Settled": "keyhouse.services.reserve",
    "Unsettled": "keyhouse.services.reserve",
    "Verdict": "keyhouse.core.verdict",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for: importing costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'keyhouse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

"""Signals: what nodes see and may not write themselves, and workers do for them."""

from keyhouse.services.signals.applying import apply_signals
from keyhouse.services.signals.rehashes import Rehashes

__all__ = ["Rehashes", "apply_signals"]

"""Whether a change is in force everywhere."""

from keyhouse.services.changes.queries import NODES_TOLD_MAX, InForce, Waited, in_force
from keyhouse.services.changes.written import LastWritten, noting

__all__ = ["NODES_TOLD_MAX", "InForce", "LastWritten", "Waited", "in_force", "noting"]

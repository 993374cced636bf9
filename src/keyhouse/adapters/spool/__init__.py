"""The spool: a node's journal of what it served, in a mapped file."""

from keyhouse.adapters.spool.folder import MappedSpoolFolder, spools_in_use
from keyhouse.adapters.spool.layout import SpoolDamaged
from keyhouse.adapters.spool.orphan import MappedOrphan
from keyhouse.adapters.spool.spool import MappedSpool

__all__ = [
    "MappedOrphan",
    "MappedSpool",
    "MappedSpoolFolder",
    "SpoolDamaged",
    "spools_in_use",
]

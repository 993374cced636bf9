"""Readings on files beside each other, and (`exposition`) as Prometheus reads them.

A guard's process leaves its readings too, and has no Prometheus client: so that
part is imported by its own name.
"""

from keyhouse.adapters.metrics.folder import FileShelf, FileShelves, take_shelf

__all__ = ["FileShelf", "FileShelves", "take_shelf"]

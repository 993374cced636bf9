"""Readings on files beside each other, and as Prometheus reads them."""

from keyhouse.adapters.metrics.exposition import CONTENT_TYPE, exposition
from keyhouse.adapters.metrics.folder import FileShelf, FileShelves, take_shelf

__all__ = ["CONTENT_TYPE", "FileShelf", "FileShelves", "exposition", "take_shelf"]

"""The file of a backup: parts in a zip, with a manifest, sealed if wanted."""

from keyhouse.adapters.archive.reading import is_sealed, open_archive
from keyhouse.adapters.archive.writing import new_archive

__all__ = ["is_sealed", "new_archive", "open_archive"]

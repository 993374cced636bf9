"""A spool whose process is gone."""

import mmap
import os
from pathlib import Path

from keyhouse.adapters.spool import layout
from keyhouse.adapters.spool.reading import read_stretch
from keyhouse.ports import Stretch


class MappedOrphan:
    """`ports.OrphanSpool`: `descriptor` holds the lock that its owner left.

    Raises SpoolDamaged where the file is no spool.
    """

    def __init__(self, path: Path, descriptor: int, boot_id: str) -> None:
        self._path = path
        self._descriptor = descriptor
        size = os.fstat(descriptor).st_size
        page = os.pread(descriptor, layout.HEADER_BYTES, 0)
        self._header = layout.read_header(page, size, str(path))
        self.id = self._header.spool_id
        self.same_boot = self._header.boot_id == boot_id
        # Each later lap begins in the first slot as well.
        first = os.pread(descriptor, layout.SLOT_BYTES, layout.HEADER_BYTES)
        self.is_blank = not any(first)

    def stretch_after(self, start: int) -> Stretch:
        """All whole entries from position `start`, which is a cut, on."""
        begin = layout.HEADER_BYTES
        end = begin + self._header.slots * layout.SLOT_BYTES
        with (
            mmap.mmap(self._descriptor, end, prot=mmap.PROT_READ) as mapped,
            memoryview(mapped) as whole,
            whole[begin:end] as ring,
        ):
            return read_stretch(ring, start)

    def close(self) -> None:
        """Let go of it and leave the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def discard(self) -> None:
        """Remove the file, then let go of it."""
        self._path.unlink(missing_ok=True)
        self.close()

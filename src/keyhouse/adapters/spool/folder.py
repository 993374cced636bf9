"""The folder in which the spools of one data folder lie.

The lock of a spool (flock) is what tells whether its process lives: the
kernel lets go of it at any death, and of nothing else.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keyhouse.adapters.spool import layout
from keyhouse.adapters.spool.orphan import MappedOrphan
from keyhouse.adapters.spool.spool import MappedSpool
from keyhouse.ports import NoSpool

SPOOL_BYTES: Final = 64 << 20
_SUFFIX: Final = ".spool"
_UNBORN: Final = ".new"
_log = logging.getLogger(__name__)


class MappedSpoolFolder:
    """`ports.SpoolFolder`. `size` is a new spool's, all of it taken at once,

    so that a full disk shows when a node starts and never on a request.
    """

    def __init__(self, path: Path, boot_id: str, size: int = SPOOL_BYTES) -> None:
        self._path = path
        self._boot_id = boot_id
        self._slots = (size - layout.HEADER_BYTES) // layout.SLOT_BYTES
        if self._slots < layout.SLOTS_MIN:
            raise ValueError(f"a spool has at least {layout.SLOTS_MIN} slots")

    def create(self, spool_id: str) -> MappedSpool:
        """Make a new spool, locked by this process.

        It bears its name only when it is whole. Raises NoSpool where the
        folder cannot be written or the disk is full.
        """
        try:
            return self._create(spool_id)
        except OSError as error:
            size = layout.HEADER_BYTES + self._slots * layout.SLOT_BYTES
            raise NoSpool(
                "there is no place to write usage down, "
                f"{size >> 20} MiB in {self._path}: {error.strerror}"
            ) from error

    def _create(self, spool_id: str) -> MappedSpool:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        header = layout.Header(self._slots, spool_id, self._boot_id)
        unborn, path = (self._path / (spool_id + end) for end in (_UNBORN, _SUFFIX))
        descriptor = self._unborn(unborn)
        try:
            size = layout.HEADER_BYTES + self._slots * layout.SLOT_BYTES
            os.posix_fallocate(descriptor, 0, size)
            os.pwrite(descriptor, header.pack(), 0)
            os.fsync(descriptor)
            unborn.rename(path)
            _sync_folder(self._path)
            return MappedSpool(path, descriptor, header)
        except BaseException:
            unborn.unlink(missing_ok=True)
            os.close(descriptor)
            raise

    def orphans(self) -> Iterator[MappedOrphan]:
        """Spools whose process is gone, each locked by us as it is given.

        What a process left that died while making a spool is removed.
        """
        for unborn in sorted(self._path.glob(f"*{_UNBORN}")):
            descriptor = _locked(unborn)
            if descriptor is not None:
                unborn.unlink(missing_ok=True)
                os.close(descriptor)
        for path in sorted(self._path.glob(f"*{_SUFFIX}")):
            descriptor = _locked(path)
            if descriptor is None:
                continue
            try:
                yield MappedOrphan(path, descriptor, self._boot_id)
            except layout.SpoolDamaged as damage:
                os.close(descriptor)
                _log.error("left alone: %s", damage)

    def _unborn(self, path: Path) -> int:
        """Create and lock; another may take it for a dead one's in between."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        while True:
            descriptor = os.open(path, flags, 0o600)
            if _lock(descriptor):
                return descriptor
            path.unlink(missing_ok=True)
            os.close(descriptor)


def spools_in_use(path: Path) -> list[str]:
    """The ids of the spools in a folder whose processes live."""
    found = []
    for spool in sorted(path.glob(f"*{_SUFFIX}")):
        descriptor = _locked(spool)
        if descriptor is None:
            found.append(spool.stem)
        else:
            os.close(descriptor)
    return found


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock of an existing file, or None."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if _lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    """Lock without waiting; a file that was removed meanwhile does not count."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

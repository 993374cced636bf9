"""How a process shows that its event loop still turns, and how its parent sees it.

A page of memory that both have: the process counts up in it from a timer of its
loop, the parent looks from time to time whether the count has moved. It costs a
timer every half second, no system call, and nothing that a full pipe or a frozen
disk could hold up.
"""

import asyncio
import contextlib
import mmap
import os
import struct
from pathlib import Path
from typing import Final

BEAT_SECONDS: Final = 0.5
"""How often a loop counts up."""
PAGE_BYTES: Final = mmap.PAGESIZE
_COUNT: Final = struct.Struct("=Q")
_TRACED: Final = "TracerPid:"


class Pulse:
    """The parent's end: a new page, at 0 until its process beats for the first time."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("keyhouse-pulse")
        os.ftruncate(self.fd, PAGE_BYTES)
        self._page = mmap.mmap(self.fd, PAGE_BYTES, prot=mmap.PROT_READ)

    @property
    def count(self) -> int:
        """How often it has beaten; 0 is not yet."""
        return int(_COUNT.unpack_from(self._page)[0])

    def close(self) -> None:
        """Give the page back. Nothing else may be asked of it then."""
        self._page.close()
        os.close(self.fd)


class Beating:
    """The process's end: beats at once, and on, for as long as the running loop turns."""

    def __init__(self, fd: int) -> None:
        self._page = mmap.mmap(fd, PAGE_BYTES)
        os.close(fd)
        self._loop = asyncio.get_running_loop()
        self._beat()

    def _beat(self) -> None:
        (count,) = _COUNT.unpack_from(self._page)
        _COUNT.pack_into(self._page, 0, count + 1)
        self._loop.call_later(BEAT_SECONDS, self._beat)


class Silence:
    """For how long a pulse has stood still, in time that whoever looks was awake.

    A watcher that was itself stopped (the whole machine suspended, all of a
    container frozen, no processor to be had) has slept through the beats as well:
    of the time between two looks counts no more than twice what was meant to
    pass. So after such a time everybody has the full bound again, but for a look.
    """

    def __init__(self, look_seconds: float) -> None:
        self.seconds = 0.0
        self._between_max = 2 * look_seconds
        self._count = 0
        self._looked: float | None = None

    def look(self, count: int, now: float) -> float:
        """The seconds until now; `now` is of a clock that only goes forward.

        Of a pulse that has never beaten, since the first look.
        """
        before, self._looked = self._looked, now
        if count != self._count or before is None:
            self._count, self.seconds = count, 0.0
        else:
            self.seconds += min(now - before, self._between_max)
        return self.seconds


def is_traced(pid: int) -> bool:
    """Whether a debugger holds the process: then somebody means it to stand still."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith(_TRACED):
                return line[len(_TRACED) :].strip() != "0"
    return False

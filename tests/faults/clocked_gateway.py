"""The program `keyhouse` by a wall clock that a test sets: the machine's, and so many µs.

CLOCK_OFFSET=FILE python -m tests.faults.clocked_gateway gateway
"""

import mmap
import os
from struct import unpack_from

from keyhouse.__main__ import main
from keyhouse.adapters.system import SystemClock

_FILE = os.open(os.environ.pop("CLOCK_OFFSET"), os.O_RDONLY)
_OFFSET = mmap.mmap(_FILE, 8, prot=mmap.PROT_READ)
_now_us = SystemClock.now_us


def _set(self: SystemClock) -> int:
    (offset_us,) = unpack_from("<q", _OFFSET)
    return _now_us(self) + int(offset_us)


if __name__ == "__main__":
    SystemClock.now_us = _set  # type: ignore[method-assign]  # it steps
    main()

"""What this process takes of its machine: `ports.ProcessUse`."""

import os
import time
from pathlib import Path

_STATM = Path("/proc/self/statm")


class OwnUse:
    """Of the process that asks."""

    def resident_bytes(self) -> int:
        """Its memory, 0 where the system does not tell."""
        try:
            pages = int(_STATM.read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """The time that processors have spent on it."""
        return time.process_time()

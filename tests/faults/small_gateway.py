"""The program `keyhouse` with a spool of so many bytes.

SPOOL_BYTES=262144 python -m tests.faults.small_gateway gateway
"""

import os
from pathlib import Path

from keyhouse.__main__ import main
from keyhouse.adapters.spool import MappedSpoolFolder

_BYTES = int(os.environ.pop("SPOOL_BYTES"))
_made = MappedSpoolFolder.__init__


def _small(self: MappedSpoolFolder, path: Path, boot_id: str) -> None:
    _made(self, path, boot_id, _BYTES)


if __name__ == "__main__":
    MappedSpoolFolder.__init__ = _small  # type: ignore[assignment,method-assign]  # smaller
    main()

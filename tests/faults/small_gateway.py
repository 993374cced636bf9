"""The program `keyhouse` with a spool of so many bytes.

SPOOL_BYTES=262144 python -m tests.faults.small_gateway gateway
"""

import os

from keyhouse.__main__ import main
from keyhouse.adapters.spool import MappedSpoolFolder

_BYTES = int(os.environ.pop("SPOOL_BYTES"))
_made = MappedSpoolFolder.__init__


def _small(self: MappedSpoolFolder, *told: object) -> None:
    _made(self, *told, size=_BYTES)  # type: ignore[arg-type]  # what it was told


if __name__ == "__main__":
    MappedSpoolFolder.__init__ = _small  # type: ignore[assignment,method-assign]
    main()

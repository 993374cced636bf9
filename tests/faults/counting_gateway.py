"""The program `keyhouse`, which writes down each look-up of a secret: one byte a look-up.

LOOK_UPS=FILE python -m tests.faults.counting_gateway gateway
"""

import os
from collections.abc import Sequence

from keyhouse.__main__ import main
from keyhouse.adapters.database.key_store import DatabaseKeyStore
from keyhouse.core.records import Snapshot
from keyhouse.ports import Held, holds_none

_FILE = os.open(os.environ.pop("LOOK_UPS"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_find_secret = DatabaseKeyStore.find_secret


def _counted(
    self: DatabaseKeyStore,
    candidates: Sequence[tuple[str, bytes]],
    held: Held = holds_none,
) -> Snapshot:
    os.write(_FILE, b".")
    return _find_secret(self, candidates, held)


if __name__ == "__main__":
    DatabaseKeyStore.find_secret = _counted  # type: ignore[method-assign]  # it counts
    main()

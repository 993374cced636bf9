"""Where a key is used from."""

from typing import Final

from keyhouse.core.entities import KeyNetwork
from keyhouse.services.issue.queries import reached_key
from keyhouse.services.reports.queries import READ_USAGE
from keyhouse.services.work import Look

SHOWN_MAX: Final = 100
LOOKED_AT_MAX: Final = 1000
"""There may be more than are kept until a worker has come by."""


def networks_of_key(look: Look, key_id: str) -> list[KeyNetwork]:
    """The networks that its calls were let through from, the last seen first."""
    key = reached_key(look, READ_USAGE, key_id)
    rows = look.tx.stretch(KeyNetwork, after="", limit=LOOKED_AT_MAX, key_id=key.id)
    rows.sort(key=lambda row: (-row.last_at, row.network))
    return rows[:SHOWN_MAX]

"""Where a key is used from."""

from keyhouse.core.entities import KeyNetwork
from keyhouse.services.issue.queries import reached_key
from keyhouse.services.reports.queries import READ_USAGE
from keyhouse.services.work import Look


def networks_of_key(look: Look, key_id: str) -> list[KeyNetwork]:
    """The networks that its calls were let through from, the last seen first."""
    key = reached_key(look, READ_USAGE, key_id)
    rows = look.tx.find(KeyNetwork, key_id=key.id)
    return sorted(rows, key=lambda row: (-row.last_at, row.network))

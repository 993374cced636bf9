"""What is left of a key's limits."""

from typing import NamedTuple

from keyhouse.core.entities import Limit
from keyhouse.services.work import Look


class LimitLeft(NamedTuple):
    """A limit that counts for a key, and how it stands.

    `api_slug` is None for the key's own, which count over all that it opens.
    Of rates, which are counted where requests arrive, the rest is None.
    """

    api_slug: str | None
    limit: Limit
    used: int | None
    left: int | None
    resets_at: int | None


def limits_left(look: Look, key_id: str) -> list[LimitLeft]:
    """The limits of a key and of the APIs that it opens, its own first."""
    raise NotImplementedError

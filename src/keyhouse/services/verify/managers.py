"""Management keys that were found a moment ago."""

from typing import Final

from keyhouse.services.verify.cache import RecordCache
from keyhouse.services.verify.pieces import HeldKey

MANAGERS_MAX: Final = 4_096


class Managers:
    """Where the secrets of management keys lead, by digest, while nothing changes.

    Whatever the cache drops, all of this is forgotten, so that it is never older
    than the cache. `of` gives a key that need not be looked up anew.
    """

    def __init__(self, cache: RecordCache) -> None:
        self._cache = cache
        self._generation = -1
        self._held: dict[bytes, HeldKey] = {}

    def of(self, hashed: bytes) -> HeldKey | None:
        """The key, if it is known and nothing was dropped since."""
        if self._generation != self._cache.generation:
            return None
        return self._held.get(hashed)

    def keep(self, hashed: bytes, held: HeldKey) -> None:
        """Remember a key that was just put together from the cache."""
        if self._generation != self._cache.generation or len(self._held) >= MANAGERS_MAX:
            self._held.clear()
            self._generation = self._cache.generation
        self._held[hashed] = held

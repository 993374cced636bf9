"""Refusals that stand until something changes, remembered in bounded memory.

No answer that lets a request pass is ever in here. What is kept is known by a
hash that no other process could make, so that no secret lies in memory for it.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import fields
from hashlib import blake2b
from operator import attrgetter
from typing import Final, NamedTuple

from keyhouse.core.decision import Decision
from keyhouse.core.forgetting import STANDING_FOR_ALL
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict

REFUSALS_MAX: Final = 10_000
UNKNOWN_US: Final = 2_000_000
"""As long as a gateway remembers that there is no such key."""
_FOREVER_US: Final = 1 << 62

_SECRETS: Final = ("secret", "token")
_facts = attrgetter(
    *(one.name for one in fields(Request) if one.compare and one.name not in _SECRETS)
)


class _Kept(NamedTuple):
    decision: Decision
    tokens: tuple[str, ...]
    until_us: int


class Refusals:
    """One thread uses it. `now_us` is the monotonic clock."""

    def __init__(self, key: bytes, refusals_max: int = REFUSALS_MAX) -> None:
        self._key = key
        self._max = refusals_max
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._by_token: dict[str, set[Hashable]] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._kept)

    def find(self, request: Request, now_us: int) -> Decision | None:
        """The refusal that this request meets, if it is known."""
        if not self._kept:
            return None
        hashed = self._hash(request)
        for way in ((hashed, request.api, request.key_id), (hashed, _facts(request))):
            kept = self._kept.get(way)
            if kept is not None and now_us < kept.until_us:
                return kept.decision
        return None

    def keep(
        self, request: Request, decision: Decision, tokens: tuple[str, ...], now_us: int
    ) -> None:
        """Remember a refusal, if it is one that stands until a token is told."""
        hashed = self._hash(request)
        if decision.verdict is Verdict.UNKNOWN:
            self._put(
                (hashed, request.api, request.key_id),
                _Kept(decision, (), now_us + UNKNOWN_US),
            )
        elif decision.allowed or not tokens:
            return
        elif decision.verdict in STANDING_FOR_ALL:
            self._put(
                (hashed, request.api, request.key_id), _Kept(decision, tokens, _FOREVER_US)
            )
        else:
            self._put((hashed, _facts(request)), _Kept(decision, tokens, _FOREVER_US))

    def forget(self, tokens: Iterable[str]) -> None:
        """Something changed: forget what rests on it, and what was not there.

        A new key or API may be what was just said to be unknown.
        """
        for token in tokens:
            for way in tuple(self._by_token.get(token, ())):
                self._drop(way)
        for way in [way for way, kept in self._kept.items() if not kept.tokens]:
            self._drop(way)

    def clear(self) -> None:
        """Forget all of it."""
        self._kept.clear()
        self._by_token.clear()

    def _put(self, way: Hashable, kept: _Kept) -> None:
        self._drop(way)
        self._kept[way] = kept
        for token in kept.tokens:
            self._by_token.setdefault(token, set()).add(way)
        if len(self._kept) > self._max:
            self._drop(next(iter(self._kept)))

    def _drop(self, way: Hashable) -> None:
        kept = self._kept.pop(way, None)
        for token in kept.tokens if kept else ():
            ways = self._by_token[token]
            ways.discard(way)
            if not ways:
                del self._by_token[token]

    def _hash(self, request: Request) -> bytes:
        secret = request.secret or b""
        if request.token is not None:
            secret += b" " + request.token
        return blake2b(secret, digest_size=16, key=self._key).digest()

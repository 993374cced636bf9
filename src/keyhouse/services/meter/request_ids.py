"""Request ids: `req_`, 7 characters of time, 9 of the process, 6 of a counter.

They sort by the millisecond they were made in, and then, from one process, by
their order. Two processes differ in 53 random bits.
"""

from itertools import product
from typing import Final

from keyhouse.core.ids import ALPHABET, base62, request_head

ENTROPY_BYTES: Final = 16
_PAIRS: Final = tuple(a + b for a, b in product(ALPHABET, repeat=2))
_BASE: Final = len(_PAIRS)
_PROCESS: Final = 62**9
_TURNS: Final = 62**4


class RequestIds:
    """Makes the ids of one process; one thread. A forked child makes its own."""

    __slots__ = ("_head", "_ms", "_pair", "_process", "_turn")

    def __init__(self, entropy: bytes) -> None:
        if len(entropy) != ENTROPY_BYTES:
            raise ValueError(f"request ids take {ENTROPY_BYTES} bytes of entropy")
        self._process = base62(int.from_bytes(entropy, "big") % _PROCESS, 9)
        self._ms = -1
        self._turn = 0
        self._pair = 0
        self._head = ""

    def make(self, now_us: int) -> str:
        """The next id: 26 ASCII characters, above all before it.

        A clock that is set back does not take the ids back.
        """
        ms = now_us // 1000
        pair = self._pair
        if ms > self._ms or pair == _BASE:
            self._advance(ms)
            pair = self._pair
        self._pair = pair + 1
        return self._head + _PAIRS[pair]

    def _advance(self, ms: int) -> None:
        """A new millisecond, or 3844 ids within one: both are a new turn."""
        self._turn += 1
        if self._turn == _TURNS:
            self._turn = 0
            ms = max(ms, self._ms + 1)
        self._ms = max(ms, self._ms)
        self._pair = 0
        self._head = f"{request_head(self._ms)}{self._process}{base62(self._turn, 4)}"

"""From slots back to entries.

This runs for every request once more, beside the thread that answers them,
so the two common kinds of slot are read in one flat loop.
"""

import json
import time
from typing import Any, Final

from keyhouse.adapters.spool import layout
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.usage import NO_REFUND, Completed, Refund, Served, Use, use_from
from keyhouse.ports import Stretch

_BREATH: Final = 0xFF
_PLAIN: Final = layout.PATH_FIRST
_made: Final = tuple.__new__


def read_stretch(ring: memoryview, start: int, end: int | None = None) -> Stretch:
    """The entries from position `start`, which is a cut, up to `end`.

    Without `end`, up to the first that is not whole: what a dying process
    was just writing, or what an earlier lap left. Raises SpoolDamaged when
    entries are missing before `end`.
    """
    reader = _Reader(ring, start + len(ring) // layout.SLOT_BYTES if end is None else end)
    stop = reader.read(start)
    if end is not None and stop != end:
        raise layout.SpoolDamaged(f"no whole entry at position {stop}")
    return Stretch(start, stop, reader.entries)


class _Texts(dict[bytes, str]):
    """Padded bytes to text, each worked out once."""

    def __missing__(self, padded: bytes) -> str:
        text = self[padded] = padded.rstrip(b"\0").decode("utf-8", "ignore")
        return text


class _Addresses(dict[bytes, int]):
    """Sixteen bytes to an address, each worked out once."""

    def __missing__(self, packed: bytes) -> int:
        unknown = packed == layout.ADDRESS_UNKNOWN
        number = self[packed] = UNKNOWN if unknown else int.from_bytes(packed, "big")
        return number


class _Reader:
    """Reads up to position `limit`; holds the names met so far."""

    def __init__(self, ring: memoryview, limit: int) -> None:
        self.entries: list[Served | Completed] = []
        self._ring = ring
        self._slots = len(ring) // layout.SLOT_BYTES
        self._limit = limit
        self._uses: dict[int, Use] = {}
        self._leases: dict[int, tuple[str, ...]] = {0: ()}
        self._methods = _Texts()
        self._addresses = _Addresses()

    def read(self, position: int) -> int:
        """Read on from `position`; returns where the first broken entry is."""
        ring, slots, limit = self._ring, self._slots, self._limit
        steps = {
            layout.KIND_SERVED: self._served,
            layout.KIND_COMPLETED: self._completed,
            layout.KIND_USE: self._use,
            layout.KIND_LEASES: self._lease_set,
        }
        while position < limit:
            offset = position % slots * layout.SLOT_BYTES
            try:
                after = steps[ring[offset]](position, offset)
            except (KeyError, TypeError, ValueError):
                # Its number is right and its content is not: no process of
                # ours left it so, but a disk may. What is behind it cannot be
                # trusted.
                break
            if after == position:
                break
            if (position ^ after) > _BREATH:
                time.sleep(0)  # the thread that answers requests has its turn
            position = after
        return position

    def _served(self, position: int, offset: int) -> int:
        (
            _,
            verdict,
            size,
            request_id,
            method,
            address,
            at_us,
            units,
            use,
            leases,
            path,
            sequence,
        ) = layout.SERVED.unpack_from(self._ring, offset)
        after = position + 1
        if sequence != after:
            return position
        if size > _PLAIN:
            more = self._more(after, size - _PLAIN)
            if more is None:
                return position
            path += more
            after += layout.more_slots(size, _PLAIN)
        self.entries.append(
            _made(
                Served,
                (
                    request_id.decode("ascii") if request_id[25] else _unpadded(request_id),
                    at_us,
                    self._uses[use],
                    verdict,
                    self._methods[method],
                    path[:size].decode("utf-8", "ignore"),
                    self._addresses[address],
                    units,
                    self._leases[leases],
                ),
            )
        )
        return after

    def _completed(self, position: int, offset: int) -> int:
        (
            _,
            verdict,
            status,
            request_id,
            at_us,
            use,
            leases,
            latency_us,
            bytes_in,
            bytes_out,
            units,
            sequence,
        ) = layout.COMPLETED.unpack_from(self._ring, offset)
        if sequence != position + 1:
            return position
        self.entries.append(
            _made(
                Completed,
                (
                    request_id.decode("ascii") if request_id[25] else _unpadded(request_id),
                    at_us,
                    self._uses[use],
                    verdict,
                    status,
                    latency_us,
                    bytes_in,
                    bytes_out,
                    Refund(units, self._leases[leases]) if units else NO_REFUND,
                ),
            )
        )
        return position + 1

    def _use(self, position: int, offset: int) -> int:
        name = self._name(position, offset)
        if name is None:
            return position
        number, words, after = name
        self._uses[number] = use_from(words)
        return after

    def _lease_set(self, position: int, offset: int) -> int:
        name = self._name(position, offset)
        if name is None:
            return position
        number, words, after = name
        self._leases[number] = tuple(words)
        return after

    def _name(self, position: int, offset: int) -> tuple[int, list[Any], int] | None:
        _, size, number, first, sequence = layout.NAME.unpack_from(self._ring, offset)
        if sequence != position + 1:
            return None
        more = self._more(position + 1, size - layout.CHUNK)
        if more is None:
            return None
        after = position + 1 + layout.more_slots(size, layout.CHUNK)
        return number, json.loads((first + more)[:size]), after

    def _more(self, position: int, size: int) -> bytes | None:
        """`size` bytes from MORE slots at `position`; None where one is missing."""
        chunks = b""
        while len(chunks) < size:
            offset = position % self._slots * layout.SLOT_BYTES
            kind, chunk, sequence = layout.MORE.unpack_from(self._ring, offset)
            if kind != layout.KIND_MORE or sequence != position + 1:
                return None
            if position >= self._limit:
                return None
            chunks += chunk
            position += 1
        return chunks


def _unpadded(text: bytes) -> str:
    return text.rstrip(b"\0").decode("ascii")

"""A spool that its owner appends to."""

import contextlib
import json
import mmap
import os
from pathlib import Path
from typing import Final

from keyhouse.adapters.spool import layout
from keyhouse.adapters.spool.reading import read_stretch
from keyhouse.core.usage import NO_REFUND, Refund, Use, words_of
from keyhouse.ports import Stretch

_RESERVE: Final = 8
"""An eighth of the ring is for the ends of what was served."""
_CLOSED: Final = -(1 << 62)
_ADDRESS: Final = (1 << 128) - 1
_SLOT: Final = layout.SLOT_BYTES
_PATH_FIRST: Final = layout.PATH_FIRST
_SERVED: Final = layout.KIND_SERVED
_COMPLETED: Final = layout.KIND_COMPLETED
_METHODS: Final = {
    name: name.encode("ascii")
    for name in ("", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_ADDRESSES_MAX: Final = 16_384
_pack_served: Final = layout.SERVED.pack_into
_pack_completed: Final = layout.COMPLETED.pack_into
_pack_unrefunded: Final = layout.UNREFUNDED.pack_into


class MappedSpool:
    """`ports.Spool` on a mapped file, whose lock `descriptor` holds.

    An append is a write to shared memory: it outlives the process at once,
    and a loss of power once the kernel or `sync` has written it to disk.
    Paths longer than PATH_BYTES_MAX are cut there; text that is not Unicode
    is written with replacements. A child made by fork cannot append.
    """

    def __init__(self, path: Path, descriptor: int, header: layout.Header) -> None:
        self.id = header.spool_id
        self._path = path
        self._descriptor = descriptor
        self._slots = header.slots
        self._bytes = header.slots * _SLOT
        self._map = mmap.mmap(descriptor, layout.HEADER_BYTES + self._bytes)
        self._ring = memoryview(self._map)[layout.HEADER_BYTES :][: self._bytes]
        self._for_served = header.slots - header.slots // _RESERVE
        self._booked = 0
        self._head = 0
        self._offset = 0
        self._addresses: dict[int, bytes] = {}
        self._forget_names()
        _OPEN.append(self)

    def served(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        method: str,
        path: str,
        address: int,
        units: int,
        lease_ids: tuple[str, ...],
    ) -> bool:
        """Append; False, and nothing is written, when there is no space."""
        data = path.encode("utf-8", "replace") if path else b""
        number = self._use_numbers.get(id(use))
        leases = self._lease_numbers.get(lease_ids)
        told = _METHODS.get(method)
        if told is None:
            told = method.encode("utf-8", "replace")
        packed = self._addresses.get(address) or self._packed(address)
        head = self._head
        limit = self._booked + self._for_served
        if number is None or leases is None or len(data) > _PATH_FIRST:
            data = data[: layout.PATH_BYTES_MAX]
            wanted = 1 + layout.more_slots(len(data), layout.PATH_FIRST)
            named = self._names(use, lease_ids, limit - wanted)
            if named is None:
                return False
            number, leases = named
            head = self._head
        elif head >= limit:
            return False
        _pack_served(
            self._ring,
            self._offset,
            _SERVED,
            verdict,
            len(data),
            request_id.encode(),
            told,
            packed,
            at_us,
            units,
            number,
            leases,
            data,
            head + 1,
        )
        self._head = head + 1
        self._offset += _SLOT
        if self._offset == self._bytes:
            self._offset = 0
        if len(data) > _PATH_FIRST:
            self._write_more(data[_PATH_FIRST:])
        return True

    def completed(
        self,
        request_id: str,
        at_us: int,
        use: Use,
        verdict: int,
        status: int,
        latency_us: int,
        bytes_in: int,
        bytes_out: int,
        refund: Refund = NO_REFUND,
    ) -> bool:
        """Append; False when even the eighth kept for this is full."""
        number = self._use_numbers.get(id(use))
        leases = 0
        if number is None or refund is not NO_REFUND:
            named = self._names(use, refund.lease_ids, self._booked + self._slots - 1)
            if named is None:
                return False
            number, leases = named
        head = self._head
        if head >= self._booked + self._slots:
            return False
        if refund is NO_REFUND:
            _pack_unrefunded(
                self._ring,
                self._offset,
                _COMPLETED,
                verdict,
                status,
                request_id.encode(),
                at_us,
                number,
                latency_us,
                bytes_in,
                bytes_out,
                head + 1,
            )
        else:
            _pack_completed(
                self._ring,
                self._offset,
                _COMPLETED,
                verdict,
                status,
                request_id.encode(),
                at_us,
                number,
                leases,
                latency_us,
                bytes_in,
                bytes_out,
                refund.units,
                head + 1,
            )
        self._head = head + 1
        self._offset += _SLOT
        if self._offset == self._bytes:
            self._offset = 0
        return True

    @property
    def fill(self) -> float:
        """The share of it that waits to be booked, 0 to 1."""
        return max(self._head - max(self._booked, 0), 0) / self._slots

    def cut(self) -> int:
        """End the stretch: what follows is read without what came before."""
        if self._head != self._cut:
            self._forget_names()
        return self._head

    def stretch(self, end: int) -> Stretch:
        """The entries from the booked position up to a cut."""
        return read_stretch(self._ring, self._booked, end)

    def booked(self, end: int) -> None:
        """Free the space up to `end`."""
        if self._booked >= 0:
            self._booked = end

    def sync(self) -> None:
        """Have all that was appended on disk. Blocks; not on a closed spool."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Let go of the file. What is appended after this is refused."""
        if self._booked == _CLOSED:
            return
        self._booked = _CLOSED
        _OPEN.remove(self)
        self._ring.release()
        self._map.close()
        os.close(self._descriptor)

    def discard(self) -> None:
        """Remove the file, then let go of it."""
        self._path.unlink(missing_ok=True)
        self.close()

    def _packed(self, address: int) -> bytes:
        """As a slot holds it. Those in use are kept: making one takes three times as

        long as finding it.
        """
        if len(self._addresses) >= _ADDRESSES_MAX:
            self._addresses.clear()
        packed = self._addresses[address] = (address & _ADDRESS).to_bytes(16, "big")
        return packed

    def _forget_names(self) -> None:
        self._cut = self._head
        self._use_numbers: dict[int, int] = {}
        self._uses: dict[tuple[str | int, ...], int] = {}
        self._kept: list[Use] = []
        self._lease_numbers: dict[tuple[str, ...], int] = {(): 0}

    def _names(
        self, use: Use, lease_ids: tuple[str, ...], limit: int
    ) -> tuple[int, int] | None:
        """The numbers of both, written if they are new; None if no slot is

        left below `limit` after that.
        """
        said = words_of(use)
        number = self._uses.get(said)
        leases = self._lease_numbers.get(lease_ids)
        words = [json.dumps(said).encode() if number is None else b""]
        words += [json.dumps(lease_ids).encode() if leases is None else b""]
        needed = sum(1 + layout.more_slots(len(w), layout.CHUNK) for w in words if w)
        if self._head + needed > limit or max(map(len, words)) > layout.NAME_BYTES_MAX:
            return None
        if number is None:
            number = self._uses[said] = len(self._uses)
            self._write_name(layout.KIND_USE, number, words[0])
        if leases is None:
            leases = self._lease_numbers[lease_ids] = len(self._lease_numbers)
            self._write_name(layout.KIND_LEASES, leases, words[1])
        if id(use) not in self._use_numbers:
            # Kept, so that no other object can have its identity meanwhile.
            self._kept.append(use)
            self._use_numbers[id(use)] = number
        return number, leases

    def _write_name(self, kind: int, number: int, data: bytes) -> None:
        layout.NAME.pack_into(
            self._ring, self._offset, kind, len(data), number, data, self._head + 1
        )
        self._step()
        self._write_more(data[layout.CHUNK :])

    def _write_more(self, data: bytes) -> None:
        for at in range(0, len(data), layout.CHUNK):
            chunk = data[at : at + layout.CHUNK]
            layout.MORE.pack_into(
                self._ring, self._offset, layout.KIND_MORE, chunk, self._head + 1
            )
            self._step()

    def _step(self) -> None:
        self._head += 1
        self._offset += _SLOT
        if self._offset == self._bytes:
            self._offset = 0


_OPEN: Final[list[MappedSpool]] = []
"""Those of this process; a dead one's lock goes with the process."""


def _disown() -> None:
    """In a forked child: spools are the parent's, and so are their locks."""
    for spool in tuple(_OPEN):
        with contextlib.suppress(BufferError, OSError):
            spool.close()


os.register_at_fork(after_in_child=_disown)

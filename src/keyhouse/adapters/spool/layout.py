"""The bytes of a spool file: a header page, then a ring of slots.

Position p, counted from 0 for the life of the spool, lies in slot p modulo
the number of slots. A slot's last field is its sequence number, p + 1, and it
is the last that is written: a slot that has it is whole, and of this lap.
Integers are little-endian. Text is UTF-8.
"""

from dataclasses import dataclass
from struct import Struct, error
from typing import Final

HEADER_BYTES: Final = 4096
SLOT_BYTES: Final = 128
SLOTS_MIN: Final = 64
MAGIC: Final = b"KHSPOOL\0"
VERSION: Final = 2
"""In 2 the name of a use may say whose it was; a 1 is read as it is."""
VERSIONS: Final = (1, VERSION)

KIND_MORE: Final = 1
KIND_USE: Final = 2
KIND_LEASES: Final = 3
KIND_SERVED: Final = 4
KIND_COMPLETED: Final = 5

HEADER: Final = Struct("<8sIIQ64s64s")
"""Magic, version, bytes of a slot, number of slots, spool id, boot id."""

NAME: Final = Struct("<BxHI112sQ")
"""Kind, bytes in all, number, the first bytes: JSON. MORE slots follow."""

MORE: Final = Struct("<B7x112sQ")
"""Kind, further bytes of the entry before."""

SERVED: Final = Struct("<BBH26s8s16sQQII42sQ")
"""Kind, verdict, bytes of the path in all, request id, method, address, time,

units, number of the use, number of the lease set, the path's first bytes.
"""

COMPLETED: Final = Struct("<BBH26sxxQIIQQQQ40xQ")
"""Kind, verdict, status, request id, time, number of the use, number of the lease

set, latency, bytes in, bytes out, units refunded to that set.
"""

UNREFUNDED: Final = Struct("<BBH26sxxQI4xQQQ48xQ")
"""The same, with zeros for the lease set and for what was refunded to it."""

SEQUENCE: Final = Struct("<Q")
SEQUENCE_AT: Final = SLOT_BYTES - SEQUENCE.size

PATH_FIRST: Final = 42
PATH_BYTES_MAX: Final = 512
CHUNK: Final = 112
NAME_BYTES_MAX: Final = 0xFFFF
ADDRESS_UNKNOWN: Final = b"\xff" * 16
"""The highest address of IPv6; multicast, so nobody's own."""

for _one in (NAME, MORE, SERVED, COMPLETED, UNREFUNDED):
    if _one.size != SLOT_BYTES:
        raise AssertionError("a slot of another size")


class SpoolDamaged(Exception):
    """A file that says it is a spool and cannot be one; the text names it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first page of a spool tells."""

    slots: int
    spool_id: str
    boot_id: str

    def pack(self) -> bytes:
        """The page's bytes."""
        fields = (MAGIC, VERSION, SLOT_BYTES, self.slots)
        ids = (self.spool_id.encode("ascii"), self.boot_id.encode("ascii"))
        return HEADER.pack(*fields, *ids).ljust(HEADER_BYTES, b"\0")


def read_header(page: bytes, size: int, name: str) -> Header:
    """The header in `page` of a file of `size` bytes.

    Raises SpoolDamaged where it is none, or of a format we do not know.
    """
    try:
        magic, version, slot, slots, spool_id, boot_id = HEADER.unpack_from(page)
        header = Header(slots, _text(spool_id), _text(boot_id))
    except (error, UnicodeDecodeError):
        raise SpoolDamaged(f"{name} is no spool") from None
    if magic != MAGIC or slot != SLOT_BYTES or slots < SLOTS_MIN:
        raise SpoolDamaged(f"{name} is no spool")
    if version not in VERSIONS:
        raise SpoolDamaged(f"{name} is a spool of version {version}, unknown here")
    if size < HEADER_BYTES + slots * SLOT_BYTES:
        raise SpoolDamaged(f"{name} is shorter than its header says")
    return header


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii")


def more_slots(size: int, first: int) -> int:
    """How many MORE slots follow a slot that holds `first` of `size` bytes."""
    return -(-(size - first) // CHUNK) if size > first else 0

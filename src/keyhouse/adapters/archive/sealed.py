"""A stream sealed with a passphrase, in chunks that can be read in any order.

    "keyhouse-sealed-1" and a line feed | log2 N, r, p (a byte each) | salt | prefix (7)
    then chunks of 64 KiB, each sealed with AES-256-GCM and 16 bytes longer

The key is scrypt's (RFC 7914) of the passphrase. A chunk's nonce is the
prefix, its number (4 bytes) and whether it is the last (1 byte): the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015), so that chunks that
are left out, moved or cut off are found. The head is bound to each chunk.
"""

import io
import os
from typing import BinaryIO, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from keyhouse.ports import DamagedBackup

MAGIC: Final = b"keyhouse-sealed-1\n"
CHUNK: Final = 64 << 10
_TAG: Final = 16
_SALT: Final = 16
_PREFIX: Final = 7
_HEAD: Final = len(MAGIC) + 3 + _SALT + _PREFIX
_COST: Final = (17, 8, 1)
"""128 MiB and half a second for each guess at the passphrase."""
_COST_MAX: Final = (20, 8, 4)
"""A file may not ask for more: it could be anybody's."""


class SealingStream(io.RawIOBase):
    """Seals what is written to it; only forward. Close it to seal the last chunk."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._head = MAGIC + bytes(_COST) + salt + self._prefix
        self._cipher = _cipher(passphrase, salt, _COST)
        self._file = file
        self._waiting = bytearray()
        self._number = 0
        file.write(self._head)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override] # of bytes alone
        """Take bytes. The last chunk is known only at the end, so one is kept back."""
        self._waiting += content
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def close(self) -> None:
        """Seal what is left. The file under it stays open."""
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
        super().close()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._head))
        self._number += 1


class UnsealingStream(io.RawIOBase):
    """Reads what was sealed, at any place. Raises DamagedBackup."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        self._head = file.read(_HEAD)
        rest = self._head[len(MAGIC) :]
        if len(self._head) < _HEAD:
            raise DamagedBackup("it is cut off")
        cost, salt = tuple(rest[:3]), rest[3 : 3 + _SALT]
        if any(one > most for one, most in zip(cost, _COST_MAX, strict=True)):
            raise DamagedBackup("its head is damaged")
        self._prefix = rest[3 + _SALT :]
        self._cipher = _cipher(passphrase, salt, cost)
        sealed = file.seek(0, os.SEEK_END) - _HEAD
        self._count = max(-(-sealed // (CHUNK + _TAG)), 1)
        self._size = sealed - self._count * _TAG
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        # The last one tells whether all are there.
        self._chunk(self._count - 1)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; gives it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # of bytes alone
        """Fill some of the buffer, as much as one chunk gives."""
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, CHUNK)
        part = self._chunk(number)[begin : begin + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(_HEAD + number * (CHUNK + _TAG))
            sealed = self._file.read(CHUNK + _TAG)
            nonce = _nonce(self._prefix, number, last=number == self._count - 1)
            try:
                chunk = self._cipher.decrypt(nonce, sealed, self._head)
            except (InvalidTag, ValueError):
                told = "the passphrase is another, or the file is damaged or cut off"
                raise DamagedBackup(told) from None
            self._held = (number, chunk)
        return self._held[1]


def unsealed(file: BinaryIO, passphrase: str) -> BinaryIO:
    """What was sealed, to be read at any place. Raises DamagedBackup."""
    stream = UnsealingStream(file, passphrase)
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream), CHUNK))


def _cipher(passphrase: str, salt: bytes, cost: tuple[int, ...]) -> AESGCM:
    logarithm, blocks, parallel = cost
    try:
        scrypt = Scrypt(salt=salt, length=32, n=1 << logarithm, r=blocks, p=parallel)
    except ValueError:
        raise DamagedBackup("its head is damaged") from None
    return AESGCM(scrypt.derive(passphrase.encode("utf-8")))


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes((last,))

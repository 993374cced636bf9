"""Reading a backup's file: `ports.ReadParts`."""

import json
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from keyhouse.adapters.archive.sealed import MAGIC, unsealed
from keyhouse.adapters.archive.writing import MANIFEST
from keyhouse.ports import DamagedBackup, ReadParts

_MANIFEST_BYTES_MAX: Final = 1 << 20
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


def is_sealed(path: Path) -> bool:
    """Whether the file needs a passphrase. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def open_archive(path: Path, passphrase: str | None) -> Generator[ReadParts]:
    """A backup's file. Raises DamagedBackup, and OSError."""
    with path.open("rb") as file:
        content: BinaryIO = file
        if is_sealed(path):
            if passphrase is None:
                raise DamagedBackup("it is sealed, and no passphrase was given")
            content = unsealed(file, passphrase)
        try:
            packed = zipfile.ZipFile(content)
        except _BROKEN:
            raise DamagedBackup("it is no backup, or it is cut off") from None
        with packed:
            yield _ZippedParts(packed)


class _ZippedParts:
    """`ports.ReadParts` in a zip."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        told = self._read_manifest()
        self.manifest: Mapping[str, object] = told
        hashes = told.get("sha256")
        self._hashes: dict[str, Any] = hashes if isinstance(hashes, dict) else {}
        self.names: Sequence[str] = [name for name in packed.namelist() if name != MANIFEST]
        if sorted(self.names) != sorted(self._hashes):
            raise DamagedBackup("its parts are not those that its manifest names")

    def lines(self, name: str) -> Iterator[bytes]:
        """Lines, and at their end whether they are those that were written."""
        hashed = sha256()
        try:
            with self._packed.open(name) as part:
                for line in part:
                    hashed.update(line)
                    yield line
        except (*_BROKEN, KeyError):
            raise DamagedBackup(f"{name} is damaged") from None
        if hashed.hexdigest() != self._hashes[name]:
            raise DamagedBackup(f"{name} is not what the manifest says")

    def _read_manifest(self) -> dict[str, object]:
        try:
            with self._packed.open(MANIFEST) as part:
                found = json.loads(part.read(_MANIFEST_BYTES_MAX))
        except (*_BROKEN, KeyError):
            raise DamagedBackup("it is no backup, or its manifest is damaged") from None
        if not isinstance(found, dict):
            raise DamagedBackup("its manifest is damaged")
        return found

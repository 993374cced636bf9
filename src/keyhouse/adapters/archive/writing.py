"""Writing a backup's file: `ports.Parts`."""

import json
import os
import secrets
import zipfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from keyhouse.adapters.archive.sealed import SealingStream
from keyhouse.ports import Parts

MANIFEST: Final = "manifest.json"


@contextmanager
def new_archive(path: Path, passphrase: str | None) -> Generator[Parts]:
    """A new file that only its owner may read, with its name only once it is whole.

    Raises FileExistsError where there is one, and OSError.
    """
    if path.exists():
        raise FileExistsError(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            with ExitStack() as stack:
                target: IO[bytes] = file
                if passphrase is not None:
                    sealing = SealingStream(file, passphrase)
                    target = stack.enter_context(sealing)  # type: ignore[arg-type] # raw
                packed = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
                yield _ZippedParts(stack.enter_context(packed))
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a file is already: nobody's backup is written over.
        os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


class _ZippedParts:
    """`ports.Parts` in a zip."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self._hashes: dict[str, str] = {}

    def add(self, name: str, lines: Iterator[bytes]) -> None:
        """Write a part, however long."""
        hashed = sha256()
        with self._packed.open(name, "w", force_zip64=True) as part:
            for line in lines:
                part.write(line)
                hashed.update(line)
        self._hashes[name] = hashed.hexdigest()

    def finish(self, manifest: Mapping[str, object]) -> None:
        """Write the manifest, last of all."""
        told = {**manifest, "sha256": self._hashes}
        self._packed.writestr(MANIFEST, json.dumps(told, indent=2) + "\n")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

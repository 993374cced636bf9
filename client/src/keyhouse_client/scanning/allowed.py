"""The file of secrets that a person has looked at, and that may stand where they do."""

import os
import re
import stat
from pathlib import Path
from typing import Final

FILE_NAME: Final = ".keyhouse-allow"
SIZE_MAX: Final = 1 << 20
"""Bytes of such a file: some ten thousand entries with their reasons."""
_ENTRY: Final = re.compile(r"\s*(?:([0-9a-f]{16})\s*)?(?:#.*)?")


class Allowed:
    """Fingerprints of secrets that are passed over, each with its line in `path`."""

    def __init__(
        self, path: Path | None = None, lines: dict[str, int] | None = None
    ) -> None:
        self.path = path
        self._lines = lines or {}
        self._met: set[str] = set()

    def __contains__(self, fingerprint: str) -> bool:
        if fingerprint not in self._lines:
            return False
        self._met.add(fingerprint)
        return True

    def idle(self) -> list[str]:
        """What was never asked for, as `file:line: fingerprint`."""
        left = (item for item in self._lines.items() if item[0] not in self._met)
        return [f"{self.path}:{line}: {fingerprint}" for fingerprint, line in left]


def read_allowed(path: Path, *, follow: bool = True) -> Allowed:
    """What a file allows: `FINGERPRINT  # why` on each line.

    Raises ValueError, with the line's number, for what is no entry; also where the
    file can't be read, is none, or has more than SIZE_MAX bytes. Unless asked to
    `follow`, a link is none: a stranger's repository may have one to anything.
    """
    try:
        text = _read(path, follow=follow).decode("utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is no UTF-8 text") from None
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            # The line is not shown: a secret itself may have been put there.
            raise ValueError(
                f"{path}:{number}: is no fingerprint; write its 16 hex digits, as "
                "kh scan --json tells them, then # and why it may stay"
            )
        if entry[1]:
            lines.setdefault(entry[1], number)
    return Allowed(path, lines)


def _read(path: Path, *, follow: bool) -> bytes:
    if not follow and path.is_symlink():
        raise ValueError(f"{path}: is a link; it must be a file")
    # A pipe without a writer would have us wait for one.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path}: is no ordinary file")
        content = file.read(SIZE_MAX + 1)
    if len(content) > SIZE_MAX:
        raise ValueError(f"{path}: has more than {SIZE_MAX} bytes")
    return content

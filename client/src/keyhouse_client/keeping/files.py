"""Files that only their owner may read, whole or not there at all."""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from keyhouse_client.keeping.refusals import NoPlace, OpenToOthers

PRIVATE: Final = 0o600
_OTHERS: Final = 0o077
# On Windows rights are lists that a mode does not tell; a profile is its owner's there.
HAS_MODES: Final = os.name == "posix"


def others_may_read(path: Path) -> bool:
    """Whether its mode lets in anybody but its owner."""
    return HAS_MODES and bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)


def demand_private(path: Path) -> None:
    """Raises OpenToOthers, with the `chmod` to type, where others may read `path`."""
    _demand_private(path, path.stat().st_mode)


def make_folder(folder: Path) -> None:
    """Make it, with what is missing above it, for its owner alone.

    Raises NoPlace where that can't be, and OpenToOthers where it is there already and
    others may read it.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        for one in reversed(missing):
            one.mkdir(0o700, exist_ok=True)
    except OSError as error:
        raise NoPlace(f"{folder}: {error.strerror}") from None
    if not folder.is_dir():
        raise NoPlace(f"{folder}: is no folder")
    demand_private(folder)


def write_whole(
    path: Path,
    data: bytes,
    *,
    mode: int = PRIVATE,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Write it beside, have the disk keep it, and rename it into place.

    Whoever looks meanwhile sees what was there before. Raises NoPlace where the disk
    takes it not, and what `before` raises, which is called last before the rename;
    then nothing is changed or left behind.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            if HAS_MODES:
                # The umask has taken its part of the mode.
                os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        before()
        draft.replace(path)
        _keep_folder(path.parent)
    except OSError as error:
        raise NoPlace(f"{path}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def read_private(path: Path) -> bytes | None:
    """What it holds; None where there is none.

    Raises OpenToOthers where others may read it, NoPlace where it can't be read.
    """
    # No link to elsewhere is followed, and no pipe in its place is waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            # Of what is open, not of what has come to stand in its place.
            _demand_private(path, os.fstat(file.fileno()).st_mode)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoPlace(f"{path}: {error.strerror}") from None


def read_bounded(path: Path, bytes_max: int, *, plain: bool) -> bytes:
    """What it holds. Raises OSError, and ValueError for more than `bytes_max`.

    With `plain` only a regular file is read, and nothing else is waited for; without,
    a pipe is read to its end.
    """
    flags = getattr(os, "O_NONBLOCK", 0) if plain else 0
    flags |= os.O_RDONLY | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        if plain and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path}: is no regular file")
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise ValueError(f"{path}: has more than {bytes_max} bytes")
    return data


def _demand_private(path: Path, mode: int) -> None:
    if HAS_MODES and stat.S_IMODE(mode) & _OTHERS:
        usual = "700" if stat.S_ISDIR(mode) else "600"
        raise OpenToOthers(
            f"{path} may be read by others, so nothing is taken from it or put there: "
            f"chmod {usual} {path}"
        )


def _keep_folder(folder: Path) -> None:
    """A rename lasts once the folder is on the disk; Windows opens no folder."""
    if not HAS_MODES:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

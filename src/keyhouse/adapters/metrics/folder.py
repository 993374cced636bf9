"""Readings in a folder: `ports.Shelf` and `ports.Shelves`.

Each process holds a slot: the first number that no other of its kind holds. So
a process that is started again mostly has the number of the one before it, and
the numbers do not grow. The lock of a slot (flock) tells whether its process
lives: the kernel lets go of it at any death, and of nothing else.
"""

import fcntl
import functools
import json
import logging
import os
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from keyhouse.core.metrics import BY_NAME, Counted, Readings, Values

SLOTS_MAX: Final = 256
BYTES_MAX: Final = 4 << 20
_LOCK: Final = ".lock"
_VALUES: Final = ".json"
_UNBORN: Final = ".new"
_log = logging.getLogger(__name__)


class FileShelf:
    """`ports.Shelf`: a file that is always whole, and goes with its process."""

    def __init__(self, folder: Path, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor
        self._path = folder / f"{name}{_VALUES}"
        self._unborn = folder / f"{name}{_UNBORN}"
        disown = functools.partial(_disown, weakref.ref(self))
        os.register_at_fork(after_in_child=disown)

    def put(self, readings: Readings) -> None:
        """Replace what was put before. Raises OSError."""
        self._unborn.write_text(_written(readings), "utf-8")
        self._unborn.replace(self._path)

    def close(self) -> None:
        """Remove the file and let go of the slot."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Close the lock, and leave the file to whoever else has it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor != -1:
            os.close(descriptor)


class FileShelves:
    """`ports.Shelves` of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> Mapping[str, Readings]:
        """What those who live have put there; what cannot be read is left out."""
        found = {}
        for lock in sorted(self._folder.glob(f"*{_LOCK}")):
            name = lock.name.removesuffix(_LOCK)
            with suppress(OSError, ValueError, LookupError, TypeError):
                if _is_held(lock):
                    found[name] = _read(self._folder / f"{name}{_VALUES}")
        return found


def take_shelf(folder: Path, kind: str) -> FileShelf | None:
    """A slot for this process, None where there is none to be had, which is logged.

    What is measured is not worth a process that does not start.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(SLOTS_MAX):
            name = f"{kind}-{number}"
            descriptor = _locked(folder / f"{name}{_LOCK}")
            if descriptor is not None:
                (folder / f"{name}{_VALUES}").unlink(missing_ok=True)
                return FileShelf(folder, name, descriptor)
    except OSError as error:
        _log.warning("no metrics of this process: %s cannot be written: %s", folder, error)
        return None
    _log.warning("no metrics of this process: %d others hold %s", SLOTS_MAX, folder)
    return None


def _locked(path: Path) -> int | None:
    """The lock file's descriptor, None where another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_held(lock: Path) -> bool:
    """Whether a process has it. Others may ask at the same time."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _written(readings: Readings) -> str:
    told = {
        name: [[list(labels), _plain(value)] for labels, value in values.items()]
        for name, values in readings.items()
    }
    return json.dumps(told, separators=(",", ":"))


def _plain(value: float | Counted) -> object:
    return [list(value.counts), value.total] if isinstance(value, Counted) else value


def _read(path: Path) -> Readings:
    """Raises ValueError and the like for what is none; OSError where it is not there."""
    with path.open("rb") as file:
        text = file.read(BYTES_MAX)
    told = json.loads(text)
    if not isinstance(told, dict):
        raise TypeError("readings are an object")
    # A process of another version may know other metrics.
    return {name: _values(name, rows) for name, rows in told.items() if name in BY_NAME}


def _values(name: str, rows: list[Any]) -> Values:
    labels = len(BY_NAME[name].labels)
    return {
        tuple(map(str, row[0])): _value(name, row[1])
        for row in rows
        if len(row[0]) == labels
    }


def _value(name: str, told: Any) -> float | Counted:  # noqa: ANN401 - it is JSON
    bounds = BY_NAME[name].bounds
    if not bounds:
        return float(told)
    counts, total = told
    if len(counts) != len(bounds) + 1:
        raise ValueError(f"{name} has other bounds")
    return Counted([int(count) for count in counts], float(total))


def _disown(reference: "weakref.ref[FileShelf]") -> None:
    """In a forked child: the slot is the parent's, and must end with it."""
    shelf = reference()
    if shelf is not None:
        shelf.let_go()

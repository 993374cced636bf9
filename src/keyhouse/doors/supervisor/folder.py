"""Whether the data folder can be written, found out before anything starts."""

import tempfile
from pathlib import Path

from keyhouse.doors.supervisor.sockets import CannotStart


def make_writable(folder: Path) -> None:
    """Make the folder where it is missing, for its owner alone (0700).

    Raises CannotStart, with the setting that names it, where it can't be
    made or nothing can be written into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(_words(folder, error)) from None


def _words(folder: Path, error: OSError) -> str:
    return (
        f"The data folder {folder} can't be written: {error.strerror or error}.\n"
        "It is the setting data.dir. To change it: --data-dir FOLDER, or "
        "KEYHOUSE_DATA__DIR=FOLDER in the environment, or "
        'dir = "FOLDER" under [data] in keyhouse.toml.'
    )

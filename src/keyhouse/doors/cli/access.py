"""With which management key commands speak, and to where."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from keyhouse.doors.cli.entries import WrongUse

FILE_NAME = "cli.json"
_URL = "KEYHOUSE_URL"
_KEY = "KEYHOUSE_API_KEY"
_SETTINGS = "the settings (management.public_url, else management.listen)"


class Access(NamedTuple):
    """An address and a management key. The key is not part of the repr."""

    management_url: str
    api_key: str
    named_by: str = ""
    """What says the address."""
    mend: str = ""
    """How that is to be changed."""

    def __repr__(self) -> str:
        return f"Access(management_url={self.management_url!r})"


def find(
    folder: Path, default_url: str, environ: Mapping[str, str], bootstrap: str
) -> Access:
    """The environment's, else the data folder's. Raises WrongUse where is none.

    `bootstrap` is the command that makes one in this folder.
    """
    path = folder / FILE_NAME
    api_key = environ.get(_KEY, "").strip()
    kept = None if api_key else read(folder)
    if not api_key and kept is None:
        raise WrongUse(
            f"There is no management key: {_KEY} is not set, and {path} is not there.\n"
            f"Put a management key into the environment, or make one here with: {bootstrap}"
        )
    found = kept or Access(default_url, api_key, _SETTINGS, f"{_URL} names another")
    url = environ.get(_URL, "").strip()
    if url:
        return found._replace(management_url=url, named_by=_URL, mend="")
    if kept:
        return found._replace(named_by=str(path), mend=f"{bootstrap} writes it anew")
    return found


def may_be_elsewhere(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a management API: it may be another installation's."""
    return bool(environ.get(_URL, "").strip())


def read(folder: Path) -> Access | None:
    """What the folder keeps, None where it keeps nothing."""
    path = folder / FILE_NAME
    try:
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return Access(str(kept["management_url"]), str(kept["api_key"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUse(f"{path} can't be read as access: {error}") from None


def write(folder: Path, access: Access) -> Path:
    """Keep it, for the folder's owner alone (0600)."""
    path = folder / FILE_NAME
    kept = {"management_url": access.management_url, "api_key": access.api_key}
    write_private(path, json.dumps(kept, indent=2) + "\n")
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises WrongUse where that can't be done.
    """
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise WrongUse(f"{path} can't be written: {error.strerror}") from None

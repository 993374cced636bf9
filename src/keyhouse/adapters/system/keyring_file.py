"""The keyring as a file: JSON that only its owner may read.

`{"version": 1, "peppers": [{"id": …, "state": "active", "key": base64}]}`.
Without it no secret in the database can be checked, so it is written once,
whole, and never over another.
"""

import base64
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

from keyhouse.core.keyring import PEPPER_BYTES, Keyring, KeyringState, Pepper

_VERSION = 1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PEPPER_ID_BYTES = 8


class KeyringError(Exception):
    """The keyring cannot be used; the text says why, where, and what to do.

    It never holds any of the keyring's content.
    """


def create_keyring(path: Path, entropy: Callable[[int], bytes] = os.urandom) -> Keyring:
    """Make a keyring with one fresh pepper and write it, mode 0600, to `path`.

    The file appears whole or not at all, also if power fails. Where another
    was there first, even by a moment, that one is loaded and returned.
    Raises KeyringError when neither can be done.
    """
    pepper = Pepper(
        f"pep_{entropy(_PEPPER_ID_BYTES).hex()}", KeyringState.ACTIVE, entropy(PEPPER_BYTES)
    )
    ring = Keyring((pepper,))
    try:
        _write_new(path, dump_keyring(ring).encode("ascii"), entropy(4).hex())
    except FileExistsError:
        return load_keyring(path)
    except OSError as error:
        raise KeyringError(
            f"the keyring {path} cannot be made: {_reason(error)}"
        ) from error
    return ring


def load_keyring(path: Path) -> Keyring:
    """Read the keyring from `path`.

    Raises KeyringError where it is missing, damaged, or open to others than
    its owner.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        raise KeyringError(
            f"the keyring {path} is missing; restore it from your backup: "
            "without it no key in the database can be checked"
        ) from None
    except OSError as error:
        raise KeyringError(
            f"the keyring {path} cannot be read: {_reason(error)}"
        ) from error
    if mode & _OTHERS:
        raise KeyringError(
            f"the keyring {path} is open to others than its owner "
            f"(mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
        )
    return parse_keyring(text, str(path))


def parse_keyring(text: str | bytes, source: str) -> Keyring:
    """The keyring that JSON `text` describes; `source` names it in errors.

    Raises KeyringError; no part of the text is in its message.
    """
    try:
        content = json.loads(text)
    except ValueError:
        raise KeyringError(f"the keyring {source} is not JSON") from None
    try:
        if content["version"] != _VERSION:
            raise KeyringError(f"the keyring {source} has an unknown version")
        peppers = tuple(_pepper(item) for item in content["peppers"])
    except (KeyError, TypeError, ValueError):
        raise KeyringError(
            f"the keyring {source} is damaged: each pepper has an id, a state "
            "(active or accepting) and a key in base64"
        ) from None
    try:
        return Keyring(peppers)
    except ValueError as error:
        raise KeyringError(f"the keyring {source} is wrong: {error}") from None


def dump_keyring(ring: Keyring) -> str:
    """The JSON of a keyring, secrets included: for the file, never for a log."""
    peppers = [
        {"id": p.id, "state": p.state.value, "key": base64.b64encode(p.key).decode("ascii")}
        for p in ring.peppers
    ]
    return json.dumps({"version": _VERSION, "peppers": peppers}, indent=2) + "\n"


def _pepper(item: dict[str, str]) -> Pepper:
    key = base64.b64decode(item["key"], validate=True)
    if not isinstance(item["id"], str):
        raise TypeError("the id of a pepper is text")
    return Pepper(item["id"], KeyringState(item["state"]), key)


def _write_new(path: Path, content: bytes, suffix: str) -> None:
    """Write beside `path`, then link: a link fails where a file is already."""
    beside = path.with_name(f".{path.name}.{suffix}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    finally:
        beside.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

"""The keyring as a file: JSON that only its owner may read.

`{"version": 1, "peppers": [{"id": …, "state": "active", "key": base64}],
"sealing": […], "signing": […]}`. Without it no secret in the database can be
checked, so it is written whole, never over another, and what changes it only
adds to it.
"""

import base64
import contextlib
import fcntl
import json
import logging
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from keyhouse.core.keyring import (
    PEPPER_BYTES,
    SEALING_BYTES,
    SIGNING_BYTES,
    Keyring,
    KeyringState,
    Pepper,
    RingKey,
    SealingKey,
    SigningAlgorithm,
    SigningKey,
    is_p256,
)

_log = logging.getLogger(__name__)
_VERSION = 1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ID_BYTES = 8
_PURPOSES: Final[Mapping[str, tuple[Callable[..., Any], str, int]]] = {
    "sealing": (SealingKey, "seal", SEALING_BYTES),
    "signing": (SigningKey, "sign", SIGNING_BYTES),
}
"""What keys there are besides peppers: made how, called how, how long."""
Entropy = Callable[[int], bytes]


class KeyringError(Exception):
    """The keyring cannot be used; the text says why, where, and what to do.

    It never holds any of the keyring's content.
    """


def create_keyring(path: Path, entropy: Entropy = os.urandom) -> Keyring:
    """Make a keyring with one fresh key of each purpose and write it, mode 0600.

    The file appears whole or not at all, also if power fails. Where another
    was there first, even by a moment, that one is loaded and returned.
    Raises KeyringError when neither can be done.
    """
    pepper = Pepper(
        f"pep_{entropy(_ID_BYTES).hex()}", KeyringState.ACTIVE, entropy(PEPPER_BYTES)
    )
    ring = _with_new(Keyring((pepper,)), _PURPOSES, entropy)
    try:
        _write_new(path, dump_keyring(ring).encode("ascii"), entropy(4).hex())
    except FileExistsError:
        return load_keyring(path)
    except OSError as error:
        raise KeyringError(
            f"the keyring {path} cannot be made: {_reason(error)}"
        ) from error
    return ring


def complete_keyring(path: Path, entropy: Entropy = os.urandom) -> Keyring:
    """The keyring at `path`, with a key of each purpose that came after it was made.

    All processes that start at once end with the same ones. Raises KeyringError
    where it cannot be read, and where a key is missing and cannot be written.
    """
    ring = load_keyring(path)
    return _changed(path, entropy, _lacking) if _lacking(ring) else ring


def add_sealing_key(path: Path, entropy: Entropy = os.urandom) -> Keyring:
    """Have a fresh key seal from now on; those before it go on unsealing.

    Raises KeyringError where the keyring cannot be read or written.
    """
    return _changed(path, entropy, lambda _: ("sealing",))


def add_signing_key(
    path: Path,
    entropy: Entropy = os.urandom,
    algorithm: SigningAlgorithm = SigningAlgorithm.EDDSA,
) -> Keyring:
    """Have a fresh key sign from now on; what those before it signed is still ours.

    Raises KeyringError where the keyring cannot be read or written.
    """

    def change(ring: Keyring) -> Keyring:
        older = (replace(one, state=KeyringState.ACCEPTING) for one in ring.signing)
        id, key = f"sign_{entropy(_ID_BYTES).hex()}", entropy(SIGNING_BYTES)
        while algorithm is SigningAlgorithm.ES256 and not is_p256(key):
            key = entropy(SIGNING_BYTES)
        fresh = SigningKey(id, KeyringState.ACTIVE, key, algorithm)
        return replace(ring, signing=(fresh, *older))

    return _rewritten(path, entropy, change)


def retire_signing_key(path: Path, id: str, entropy: Entropy = os.urandom) -> Keyring:
    """Take out a key that no longer signs: what it signed is ours no more.

    Raises KeyringError where it is none or still signs, and where the keyring
    cannot be read or written.
    """

    def change(ring: Keyring) -> Keyring:
        found = [one for one in ring.signing if one.id == id]
        if not found:
            raise KeyringError(f"the keyring {path} has no signing key {id}")
        if found[0].state is KeyringState.ACTIVE:
            raise KeyringError(
                f"{id} still signs; run: keyhouse keyring new-signing-key, "
                "wait until all that it signed has ended, and retire it then"
            )
        return replace(ring, signing=tuple(one for one in ring.signing if one.id != id))

    return _rewritten(path, entropy, change)


@contextlib.contextmanager
def putting_keyring(
    path: Path, ring: Keyring, entropy: Entropy = os.urandom
) -> Iterator[None]:
    """Have `ring` be the keyring at `path` once the block has gone well.

    It is safely on disk before the block begins, so that only a rename is left
    to do; where the block fails, all is as it was. A keyring that is there is
    kept beside the new one, and the log told where. Raises KeyringError where it
    cannot be written.
    """
    content = dump_keyring(ring).encode("ascii")
    with contextlib.ExitStack() as held:
        with _unwritable(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held.enter_context(_folder_held(path.parent))
            written = _written_beside(path, content, entropy(4).hex())
            beside = held.enter_context(written)
        yield
        with _unwritable(path):
            kept = _kept_aside(path, ring, entropy(4).hex()) if path.exists() else None
            beside.replace(path)
            _sync_folder(path.parent)
    if kept is not None:
        _log.warning("the keyring that was there is kept: %s", kept)


@contextlib.contextmanager
def _unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KeyringError(
            f"the keyring {path} cannot be written: {_reason(error)}"
        ) from error


def _kept_aside(path: Path, ring: Keyring, suffix: str) -> Path | None:
    """A second name for the file that is there, unless it holds the same keys."""
    try:
        if load_keyring(path) == ring:
            return None
    except KeyringError:
        pass  # damaged or not: it is somebody's, and is kept
    aside = path.with_name(f"{path.name}.replaced-{suffix}")
    os.link(path, aside)
    return aside


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
        peppers = _read(Pepper, content["peppers"])
        sealing = _read(SealingKey, content.get("sealing", ()))
        signing = _read(SigningKey, content.get("signing", ()))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise KeyringError(
            f"the keyring {source} is damaged: each of its keys has an id, a state "
            "(active or accepting) and a key in base64"
        ) from None
    try:
        return Keyring(peppers, sealing, signing)
    except ValueError as error:
        raise KeyringError(f"the keyring {source} is wrong: {error}") from None


def dump_keyring(ring: Keyring) -> str:
    """The JSON of a keyring, secrets included: for the file, never for a log."""
    content = {
        "version": _VERSION,
        "peppers": _told(ring.peppers),
        "sealing": _told(ring.sealing),
        "signing": _told(ring.signing),
    }
    return json.dumps(content, indent=2) + "\n"


def _told(keys: Iterable[Pepper | SealingKey | SigningKey]) -> list[dict[str, str]]:
    return [
        {
            "id": k.id,
            "state": k.state.value,
            "key": base64.b64encode(k.key).decode("ascii"),
            **({"algorithm": k.algorithm.value} if isinstance(k, SigningKey) else {}),
        }
        for k in keys
    ]


def _read(kind: type[RingKey], items: Iterable[dict[str, str]]) -> tuple[RingKey, ...]:
    return tuple(_key(kind, item) for item in items)


def _key(kind: type[RingKey], item: dict[str, str]) -> RingKey:
    key = base64.b64decode(item["key"], validate=True)
    if not isinstance(item["id"], str):
        raise TypeError("the id of a key is text")
    told = {"algorithm": SigningAlgorithm(item["algorithm"])} if "algorithm" in item else {}
    return kind(item["id"], KeyringState(item["state"]), key, **told)


def _lacking(ring: Keyring) -> Sequence[str]:
    """The purposes that the keyring has no key for."""
    return [purpose for purpose in _PURPOSES if not getattr(ring, purpose)]


def _with_new(ring: Keyring, purposes: Iterable[str], entropy: Entropy) -> Keyring:
    """The ring with a fresh active key of these purposes."""
    added = {purpose: _renewed(ring, purpose, entropy) for purpose in purposes}
    return replace(ring, **added)


def _renewed(ring: Keyring, purpose: str, entropy: Entropy) -> tuple[Any, ...]:
    kind, prefix, size = _PURPOSES[purpose]
    id = f"{prefix}_{entropy(_ID_BYTES).hex()}"
    older = (replace(one, state=KeyringState.ACCEPTING) for one in getattr(ring, purpose))
    return (kind(id, KeyringState.ACTIVE, entropy(size)), *older)


def _changed(
    path: Path, entropy: Entropy, wanted: Callable[[Keyring], Sequence[str]]
) -> Keyring:
    """Add keys of the purposes that are wanted."""
    return _rewritten(path, entropy, lambda ring: _with_new(ring, wanted(ring), entropy))


def _rewritten(
    path: Path, entropy: Entropy, change: Callable[[Keyring], Keyring]
) -> Keyring:
    """Read, change, write what is not as it was: nobody comes between."""
    try:
        with _folder_held(path.parent):
            ring = load_keyring(path)
            changed = change(ring)
            if changed != ring:
                _replace(path, dump_keyring(changed).encode("ascii"), entropy(4).hex())
            return changed
    except OSError as error:
        raise KeyringError(
            f"the keyring {path} cannot be given a new key: {_reason(error)}"
        ) from error


def _write_new(path: Path, content: bytes, suffix: str) -> None:
    """Write beside `path`, then link: a link fails where a file is already."""
    with _written_beside(path, content, suffix) as beside:
        os.link(beside, path)
    _sync_folder(path.parent)


def _replace(path: Path, content: bytes, suffix: str) -> None:
    """Write beside `path`, then rename: whoever reads finds the old or the new, whole."""
    with _written_beside(path, content, suffix) as beside:
        beside.replace(path)
    _sync_folder(path.parent)


@contextlib.contextmanager
def _written_beside(path: Path, content: bytes, suffix: str) -> Iterator[Path]:
    """A file of mode 0600 in the same folder that is safely on disk; gone at the end."""
    beside = path.with_name(f".{path.name}.{suffix}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _folder_held(folder: Path) -> Iterator[None]:
    """Nobody else who asks for it holds the folder meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()

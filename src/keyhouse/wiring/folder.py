"""The data folder: its keyring and its database."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keyhouse.adapters.database import Database, SchemaError, open_database, upgrade
from keyhouse.adapters.system import (
    KeyringError,
    add_sealing_key,
    add_signing_key,
    complete_keyring,
    create_keyring,
    load_keyring,
    parse_keyring,
    retire_signing_key,
)
from keyhouse.core.keyring import SigningAlgorithm
from keyhouse.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keyhouse.core.keyring import Keyring
    from keyhouse.core.upstream_headers import Unseal
    from keyhouse.ports import TokenKeys

_log = logging.getLogger(__name__)
KEYRING_VARIABLE = "KEYHOUSE_KEYRING"


def prepare(settings: Settings) -> None:
    """Data folder, keyring and tables, made where they are missing.

    Raises SettingsError for what a person must mend, StoreUnavailable where
    the database does not answer.
    """
    with in_plain_words():
        settings.data.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(settings.database_url)
        path = settings.keyring_path
        if keyring_text():
            return
        if not path.exists():
            _refuse_lost_keyring(settings)
            create_keyring(path)
        _complete(path)


def _complete(path: Path) -> None:
    """A keyring that nobody may write still opens keys, so that is no end."""
    try:
        complete_keyring(path)
    except KeyringError as error:
        load_keyring(path)
        _log.warning("%s; what needs one is refused", error)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """What a person can mend is told as a SettingsError."""
    try:
        yield
    except (KeyringError, SchemaError) as error:
        raise SettingsError(str(error)) from error


def _refuse_lost_keyring(settings: Settings) -> None:
    """A fresh pepper beside old secrets would silently close every key."""
    from keyhouse.core.entities import SecretRow

    database = open_database(settings.database_url)
    try:
        with database.rows.reading() as tx:
            known = tx.page(SecretRow, after=None, limit=1).rows
    finally:
        database.dispose()
    if known:
        raise SettingsError(
            f"The keyring {settings.keyring_path} is missing, and the database holds "
            "secrets that were made with it. Restore it from a backup, or name its "
            "place in secrets.pepper_file; without it no key opens."
        )


def new_sealing_key(settings: Settings) -> str:
    """Have a fresh key of the keyring's file seal from the next start on; its id.

    Raises SettingsError where there is no such file, or it cannot be written.
    """
    return _new_key(settings, add_sealing_key).sealing[0].id


def new_signing_key(settings: Settings, algorithm: str) -> str:
    """As `new_sealing_key`, for what is signed, by that algorithm."""
    chosen = SigningAlgorithm(algorithm)

    def add(path: Path) -> Keyring:
        return add_signing_key(path, algorithm=chosen)

    return _new_key(settings, add).signing[0].id


def drop_signing_key(settings: Settings, id: str) -> None:
    """Take a signing key that signs no more out of the keyring's file.

    Raises SettingsError where that cannot be done.
    """

    def drop(path: Path) -> Keyring:
        return retire_signing_key(path, id)

    _new_key(settings, drop)


def signer_of(settings: Settings, ring: Keyring) -> TokenKeys | None:
    """What signs with the keyring, and sees keys that others have added to its file.

    None where that is not installed, as it need not be for a guard.
    """
    try:
        from keyhouse.adapters.signing import KeyringSigner
    except ModuleNotFoundError:
        _log.info("tokens of users are not known here: pip install cryptography")
        return None

    def read_again() -> Keyring | None:
        try:
            return keyring(settings)
        except KeyringError as error:
            _log.warning("%s", error)
            return None

    return KeyringSigner(ring, read_again)


def _new_key(settings: Settings, add: Callable[[Path], Keyring]) -> Keyring:
    """The keyring's file with one key more.

    Raises SettingsError where there is no such file, or it cannot be written.
    """
    if keyring_text():
        raise SettingsError(
            f"The keyring comes from {KEYRING_VARIABLE}: add the key to it there."
        )
    with in_plain_words():
        return add(settings.keyring_path)


def keyring_text() -> str:
    """The keyring that the environment gives; '' where it comes from its file."""
    return os.environ.get(KEYRING_VARIABLE, "")


def keyring(settings: Settings) -> Keyring:
    """The keyring, of the environment or of its file. Raises KeyringError."""
    text = keyring_text()
    if text:
        return parse_keyring(text, KEYRING_VARIABLE)
    return load_keyring(settings.keyring_path)


@contextmanager
def open_checked(settings: Settings, unseal: Unseal | None = None) -> Iterator[Database]:
    """The database, with a schema that fits; with `unseal` as a gateway reads it."""
    database = open_database(settings.database_url, unseal)
    try:
        with in_plain_words():
            wrong = database.check()
            if wrong is not None:
                raise SchemaError(wrong)
            yield database
    finally:
        database.dispose()

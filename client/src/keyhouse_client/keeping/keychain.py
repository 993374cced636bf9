"""The system's keychain, by way of the package `keyring`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from keyhouse_client.keeping.refusals import NoPlace

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_MEND: Final = "KEYHOUSE_STORE=file keeps new secrets in files"
# What keyring itself calls recommended. Below are those that keep plain text in a file.
_RECOMMENDED: Final = 1


class KeychainPlace:
    """Secrets in the keychain, each under `service` and its name."""

    def __init__(self, backend: "KeyringBackend", service: str) -> None:
        self._backend = backend
        self._service = service

    @property
    def told(self) -> str:
        """Which keychain that is."""
        return f"the system's keychain ({self._backend.name})"

    def get(self, name: str) -> str | None:
        """The secret; None where there is none."""
        with _refusals():
            return self._backend.get_password(self._service, name)

    def set(self, name: str, secret: str) -> None:
        """Keep it, and see that it is there: some keychains take all and keep none."""
        with _refusals():
            self._backend.set_password(self._service, name, secret)
        if self.get(name) != secret:
            raise NoPlace(f"{self.told}: what is put there is not found again; {_MEND}")

    def remove(self, name: str) -> None:
        """Keep it no more."""
        # Each keychain tells in its own way that there is none.
        if self.get(name) is not None:
            with _refusals():
                self._backend.delete_password(self._service, name)


def is_usual() -> bool:
    """Whether this machine has a keychain to be used without being asked for."""
    try:
        return _backend().priority >= _RECOMMENDED
    except NoPlace:
        return False


def open_keychain(service: str) -> KeychainPlace:
    """The keychain of this machine. Raises NoPlace where there is none."""
    return KeychainPlace(_backend(), service)


def _backend() -> "KeyringBackend":
    try:
        import keyring  # noqa: PLC0415  (an extra of the wheel, and slow to import)
    except ImportError:
        raise NoPlace(
            "the keychain needs the package keyring: pip install "
            f"'keyhouse-client[keychain]'; {_MEND}"
        ) from None
    try:
        backend = keyring.get_keyring()
        usable = backend.priority > 0
    # Its settings name any class of any module; what that raises is up to it.
    except Exception as error:  # noqa: BLE001
        raise NoPlace(f"no keychain: {_words(error)}; {_MEND}") from None
    if not usable:
        raise NoPlace(f"this machine has no keychain that can be used; {_MEND}")
    return backend


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    # Beside keyring's own errors come those of D-Bus, and of each system's library.
    except Exception as error:  # noqa: BLE001
        raise NoPlace(f"the keychain refuses: {_words(error)}; {_MEND}") from None


def _words(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__

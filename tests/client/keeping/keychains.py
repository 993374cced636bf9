"""Keychains as the package keyring has them."""

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Chain(KeyringBackend):
    """One that works, in memory."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        try:
            del self.kept[service, username]
        except KeyError:
            raise PasswordDeleteError("not found") from None


class Forgetful(Chain):
    """One that takes all and keeps none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Locked(Chain):
    """One that its owner does not open."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    set_password = delete_password = get_password  # type: ignore[assignment]


class PlainText(Chain):
    """As keyrings.alt's: below what keyring recommends."""

    priority = 0.5

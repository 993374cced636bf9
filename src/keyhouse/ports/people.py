"""Passwords and mail."""

from typing import NamedTuple, Protocol


class PasswordHasher(Protocol):
    """Passwords, hashed slowly on purpose: use a thread."""

    @property
    def decoy(self) -> str:
        """A hash that no password fits, and that takes as long to find that out."""

    def hash(self, password: str) -> str:
        """A fresh hash, with its salt and costs in it."""

    def verify(self, hashed: str, password: str) -> bool:
        """Whether the hash is of that password; False for a hash it cannot read."""

    def needs_rehash(self, hashed: str) -> bool:
        """Whether the hash was made with other costs than those of today."""


class Mail(NamedTuple):
    """A message of plain text."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Takes messages to where they are read. Never blocks."""

    def send(self, mail: Mail) -> None:
        """Take the message; it goes out later, tried again where that fails."""

    def close(self) -> None:
        """Wait a little for what is still to go out, and end."""

"""Whose the secrets are that were found, and how they are made worthless."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from keyhouse_client.errors import ProblemError
from keyhouse_client.scanning.shape import LeakedSecret

if TYPE_CHECKING:
    from keyhouse_client.client import Client

Answer = TypeVar("Answer")
ATTEMPTS: Final = 30
PAUSE_SECONDS = 1.0
"""Keyhouse takes 20 secrets of one network at once, and then one each second."""


class Holder(NamedTuple):
    """The key that a secret belongs to."""

    id: str
    name: str
    state: str


class Holders:
    """What Keyhouse told so far, by the secrets' fingerprints; None for "not known"."""

    def __init__(self) -> None:
        self._told: dict[str, Holder | None] = {}

    def __contains__(self, secret: LeakedSecret) -> bool:
        return secret.fingerprint in self._told

    def of(self, secret: LeakedSecret) -> Holder | None:
        """The key that holds a secret. None also where nobody asked."""
        return self._told.get(secret.fingerprint)

    def ask(self, client: "Client", secrets: Iterable[LeakedSecret]) -> None:
        """Ask for each; what came before a failure is kept. Raises KeyhouseError."""
        for secret in secrets:
            self._told[secret.fingerprint] = _holder(client, secret)


def revocable(secrets: Iterable[LeakedSecret]) -> list[LeakedSecret]:
    """Those that Keyhouse revokes for whoever holds them: all but publishable ones."""
    return [secret for secret in secrets if secret.kind != "publishable"]


def revoke(client: "Client", secret: LeakedSecret) -> None:
    """Have a secret refused from now on. Raises KeyhouseError."""
    _patiently(lambda: client.secrets.revoke(secret.text))


def _holder(client: "Client", secret: LeakedSecret) -> Holder | None:
    try:
        key = _patiently(lambda: client.keys.find(secret.text))
    except ProblemError as error:
        if error.status != 404:
            raise
        return None
    return Holder(key["id"], key["name"], key["state"])


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask again after a while, as long as Keyhouse has enough of us."""
    for _ in range(ATTEMPTS - 1):
        try:
            return ask()
        except ProblemError as error:
            if error.status != 429:
                raise
        time.sleep(PAUSE_SECONDS)
    return ask()

"""All that one scan has found, and all that it could not look at."""

import os
from collections.abc import Iterable
from typing import NamedTuple

from keyhouse_client.scanning.allowed import Allowed
from keyhouse_client.scanning.shape import LeakedSecret, without_secrets
from keyhouse_client.scanning.spots import spots


class Finding(NamedTuple):
    """A secret and its place. In git's history also the commit that brought it."""

    path: str
    line: int
    column: int
    secret: LeakedSecret
    object: str | None = None
    """Git's id of what it was found in."""
    commit: str | None = None
    committed_at: str | None = None
    """RFC 3339, as the commit's author has it."""


class Unread(NamedTuple):
    """Something that was not looked at, and why."""

    path: str
    reason: str


class Scan:
    """What was looked at; what is `allowed` is passed over."""

    def __init__(self, allowed: Allowed, *, publishable: bool = False) -> None:
        self.allowed = allowed
        self.findings: list[Finding] = []
        self.unread: list[Unread] = []
        self.files = 0
        self.bytes = 0
        self._publishable = publishable

    @property
    def secrets(self) -> list[LeakedSecret]:
        """Each secret once, in the order in which they were found."""
        found = {each.secret.fingerprint: each.secret for each in self.findings}
        return list(found.values())

    def look(self, path: str, chunks: Iterable[bytes], object: str | None = None) -> None:  # noqa: A002  (git's own name)
        """Look at a path and at what stands below it. What can't be read is noted."""
        self._find(path, [os.fsencode(path)], object)
        self.look_into(path, chunks, object)

    def look_at_name(self, path: str, object: str | None = None) -> None:  # noqa: A002
        """Look at the name alone with which the path ends."""
        self._find(path, [os.fsencode(path.rpartition("/")[2])], object)

    def look_into(
        self,
        path: str,
        chunks: Iterable[bytes],
        object: str | None = None,  # noqa: A002
    ) -> None:
        """Look at what stands below a path alone. What can't be read is noted."""
        try:
            self._find(path, self._counted(chunks), object)
        except OSError as error:
            self.miss(path, error.strerror or str(error))
        else:
            self.files += 1

    def miss(self, path: str, reason: str) -> None:
        """Note what was not looked at: a scan with a gap does not count as clean."""
        self.unread.append(Unread(path, reason))

    def _find(self, path: str, chunks: Iterable[bytes], id: str | None) -> None:
        for secret, line, column in spots(chunks):
            if self._matters(secret):
                self.findings.append(Finding(path, line, column, secret, id))

    def _counted(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        for chunk in chunks:
            self.bytes += len(chunk)
            yield chunk

    def _matters(self, secret: LeakedSecret) -> bool:
        if secret.kind == "publishable" and not self._publishable:
            return False
        return secret.fingerprint not in self.allowed


def plain(path: str) -> str:
    """A path as it may be printed anywhere: valid text, and no secret in it."""
    return without_secrets(os.fsencode(path).decode("utf-8", "backslashreplace"))


def on_a_line(path: str) -> str:
    """The same without line breaks, or signs that a terminal would obey."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
        for sign in plain(path)
    )

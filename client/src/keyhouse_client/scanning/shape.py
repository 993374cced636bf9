"""What a secret looks like, amid whatever bytes: `{prefix}_sk_live_{30}{6}`.

The last six characters are the CRC-32 of the thirty before them in base62, so
hardly anything but a secret is taken for one.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from typing import Final, Literal
from zlib import crc32

Kind = Literal["server", "publishable", "management"]

KINDS: Final[dict[str, Kind]] = {
    "sk": "server",
    "pk": "publishable",
    "mk": "management",
}
LENGTH_MAX: Final = 2 * (16 + len("_sk_live_") + 36 + 1)
"""Bytes of the longest secret in 16-bit characters, and of the one behind it."""
_FINGERPRINT_BYTES: Final = 8
_CHECKSUM_LENGTH: Final = 6
_DIGITS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# The search begins at the underscore: no pattern is quick that may begin at any letter.
_NARROW: Final = re.compile(rb"_(?:[sp]k_(?:live|test)|mk)_[0-9A-Za-z]{36}(?![0-9A-Za-z])")
# UTF-16, whichever byte of a character comes first: a zero stands between any two.
_WIDE: Final = re.compile(
    rb"_\0(?:[sp]\0k\0_\0(?:l\0i\0v\0e|t\0e\0s\0t)|m\0k)\0_(?:\0[0-9A-Za-z]){36}"
    rb"(?!\0[0-9A-Za-z](?:\0|\Z))"
)
# `"a\nkh_sk_…"` and `?key=%3dkh_sk_…`: what is left of an escape is no part of a prefix.
_PREFIX: Final = re.compile(
    rb"(?:\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[a-z])|%[0-9A-Fa-f]{2})?"
    rb"([a-z][a-z0-9]{1,15})\Z"
)
_WIDE_TAIL: Final = re.compile(rb"(?:[^\0]\0)*\Z")
_PREFIX_WINDOW: Final = 22
"""Characters of the longest prefix and of the longest escape before it."""


class LeakedSecret:
    """A secret that was found. It prints as its hint; `text` is the one way to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.prefix, letters, *rest = text.split("_")
        self.kind: Kind = KINDS[letters]
        self.environment = rest[0] if len(rest) > 1 else None

    @property
    def hint(self) -> str:
        """What may be shown: all but the random characters, and the last four."""
        head, _, body = self.text.rpartition("_")
        return f"{head}_…{body[-4:]}"

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits by which people name the secret.

        They give nothing away: a secret has 178 random bits, too many to try.
        """
        whole = blake2b(self.text.encode("ascii"), digest_size=32).digest()
        return whole[:_FINGERPRINT_BYTES].hex()

    def __repr__(self) -> str:
        return f"LeakedSecret({self.hint!r})"


class Match:
    """A secret in a buffer; `start` is that of its first underscore."""

    def __init__(self, secret: LeakedSecret, start: int, end: int, *, wide: bool) -> None:
        self.secret = secret
        self.start = start
        self.end = end
        self.wide = wide


def matches(buffer: bytes, begin: int, end: int) -> Iterator[Match]:
    """Secrets whose first underscore stands in `buffer[begin:end]`, in their order."""
    found = [
        (match.start(), match.end(), wide)
        for pattern, wide in ((_NARROW, False), (_WIDE, True))
        for match in pattern.finditer(buffer, begin)
        if match.start() < end
    ]
    for start, stop, wide in sorted(found):
        step = 2 if wide else 1
        head = buffer[max(0, start - _PREFIX_WINDOW * step) : start]
        secret = _secret(_narrowed(head) if wide else head, buffer[start:stop:step])
        if secret:
            yield Match(secret, start, stop, wide=wide)


def without_secrets(text: str) -> str:
    """`text` as it may be shown: each secret in it as its hint."""
    for match in matches(text.encode("utf-8", "surrogateescape"), 0, len(text) * 4):
        text = text.replace(match.secret.text, match.secret.hint)
    return text


def _narrowed(head: bytes) -> bytes:
    tail = _WIDE_TAIL.search(head)
    return tail[0][::2] if tail else b""


def _secret(head: bytes, rest: bytes) -> LeakedSecret | None:
    prefix = _PREFIX.search(head)
    body = rest[-36:]
    if prefix is None or _checksum(body[:-_CHECKSUM_LENGTH]) != body[-_CHECKSUM_LENGTH:]:
        return None
    return LeakedSecret((prefix[1] + rest).decode("ascii"))


def _checksum(random_part: bytes) -> bytes:
    number = crc32(random_part)
    digits = bytearray()
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return bytes(reversed(digits))

"""What a cookie or a mailed link holds: 32 random bytes as text. Kept is a digest."""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Final

ENTROPY_BYTES: Final = 32
_PERSON: Final = b"keyhouse-token"


def make_token(entropy: bytes) -> str:
    """The token of ENTROPY_BYTES random bytes: 43 characters that need no escape."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a token takes {ENTROPY_BYTES} bytes of entropy")
    return urlsafe_b64encode(entropy).rstrip(b"=").decode("ascii")


def token_digest(token: str) -> bytes:
    """What is kept of a token, 32 bytes. Any text has one, so a guess needs no check.

    A plain hash is enough: 256 random bits cannot be guessed.
    """
    text = token.encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=32, person=_PERSON).digest()

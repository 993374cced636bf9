"""Proof that a form was ours: a token that only the session's own pages know.

It is derived from the cookie's text, so nothing has to be kept; whoever has it
cannot get at the cookie from it. BLAKE2b's personalization makes it another
function than the one whose digests of sessions the database holds.
"""

from hashlib import blake2b
from hmac import compare_digest
from typing import Final

SESSION_COOKIE: Final = "keyhouse_session"
CSRF_HEADER: Final = "Keyhouse-CSRF"
SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that change nothing, and so need no proof (RFC 9110, 9.2.1)."""

_PERSON: Final = b"keyhouse-csrf"
_DIGEST_BYTES: Final = 24


def csrf_token(session_token: str) -> str:
    """The token of a session, 48 hexadecimal digits: for a hidden field or header."""
    text = session_token.encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=_DIGEST_BYTES, person=_PERSON).hexdigest()


def csrf_fits(session_token: str, given: str | None) -> bool:
    """Whether `given` is the token of that session; compared in constant time."""
    told = (given or "").encode("utf-8", "surrogateescape")
    return compare_digest(csrf_token(session_token).encode("ascii"), told)

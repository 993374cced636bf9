"""The identity headers as one signed token: what it claims, and for how long."""

from collections.abc import Mapping
from typing import Final

from keyhouse.core.records import Line

KIND: Final = "keyhouse-identity+jwt"
"""The token's `typ`: it can be taken for none of another kind (RFC 8725, 3.11)."""
LIFETIME_SECONDS: Final = 60
REUSE_SECONDS: Final = 10
"""So long one token goes with all calls of one way. Signing takes some 40 µs, more

than all else that a call costs; an upstream has at least 50 s left of it.
"""


def identity_claims(line: Line, issuer: str, now_us: int) -> Mapping[str, object]:
    """Who calls, by the names of RFC 7519 and, for scopes, of RFC 8693.

    The audience is the id of the API: a token for one is none for another.
    There is no id of a request in it, or it would have to be signed for each.
    `user` is there where a user's token came.
    """
    now_seconds = now_us // 1_000_000
    user = {} if line.token is None else {"user": line.token.subject}
    return {
        "iss": issuer,
        "aud": line.api.id,
        "iat": now_seconds,
        "exp": now_seconds + LIFETIME_SECONDS,
        "sub": line.application.id,
        "key": line.key.id,
        **user,
        "customer": line.application.external_id or "",
        "environment": line.key.environment or "",
        "scope": " ".join(sorted(line.grant.scopes)) if line.grant else "",
    }

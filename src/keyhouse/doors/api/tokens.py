"""`/v1/tokens/revoke`: tokens of users, refused before their time."""

from fastapi import APIRouter, Response

from keyhouse.doors.api.calls import PostCall, operation
from keyhouse.doors.api.token_shapes import (
    TokensRevokeBody,
    TokensRevokedOut,
    revoke_wish,
    revoked_out,
)
from keyhouse.services import tokens

router = APIRouter(tags=["Tokens"])


@operation(
    router,
    "POST",
    "/v1/tokens/revoke",
    id="revoke_tokens",
    scope=tokens.WRITE,
    answer=TokensRevokedOut,
)
def revoke_tokens(call: PostCall, body: TokensRevokeBody) -> Response:
    """Revoke tokens of users: one, or all of a session, user, key or application.

    It is in force as fast as the revocation of a key, also for tokens that no
    gateway has seen. A new token is good at once.
    """
    wish = revoke_wish(body)
    return call.done(lambda work: tokens.revoke_tokens(work, wish), revoked_out)

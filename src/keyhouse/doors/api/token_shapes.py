"""What requests and answers about tokens of users hold."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.doors.api.models import Body
from keyhouse.doors.api.times import ToldTime, format_time
from keyhouse.services.reports import UserRow
from keyhouse.services.tokens import Revoked, RevokeWish

_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T09:30:00Z"


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class TokensRevokeBody(Body):
    """Whose tokens to revoke: of an application exactly one of the others."""

    application: str
    token: str | None = Field(
        None, description="The token, or its `jti`.", max_length=4096, repr=False
    )
    session: str | None = Field(None, description="All with this `sid`.", max_length=255)
    user: str | None = Field(None, description="All with this `sub`.", max_length=255)
    key: str | None = Field(
        None, description="All minted with this key, by its id.", max_length=255
    )
    all: bool = Field(False, description="All of the application.")
    model_config = _example(application=f"app_{_BODY}", user="alice")


class TokensRevokedOut(BaseModel):
    """What is refused from now on: tokens of the application that bear `value` and

    were issued before `before`.
    """

    application: str
    kind: Literal["token", "session", "user", "key", "application"]
    value: str
    before: ToldTime
    model_config = _example(
        application=f"app_{_BODY}", kind="user", value="alice", before=_AT
    )


class UserUsageOut(BaseModel):
    """What one user called at one API, with one verdict.

    `user` and `application` are null for all that are not named.
    """

    api: str
    application: str | None
    user: str | None
    verdict: str
    requests: int
    first_seen: ToldTime
    last_seen: ToldTime
    model_config = _example(
        api=f"api_{_BODY}",
        application=f"app_{_BODY}",
        user="alice",
        verdict="valid",
        requests=412,
        first_seen=_AT,
        last_seen="2026-03-01T11:04:40Z",
    )


def revoke_wish(body: TokensRevokeBody) -> RevokeWish:
    """What a request wants to have revoked."""
    return RevokeWish(
        application=body.application,
        token=body.token,
        session=body.session,
        user=body.user,
        key=body.key,
        all=body.all,
    )


def revoked_out(told: Revoked) -> TokensRevokedOut:
    """What was revoked, told."""
    return TokensRevokedOut(
        application=told.application_id,
        kind=told.kind.value,
        value=told.value,
        before=format_time(told.before),
    )


def user_usage_out(row: UserRow) -> UserUsageOut:
    """What a user called, told."""
    seen = row.seen
    return UserUsageOut(
        api=seen.api_id,
        application=row.application,
        user=row.user,
        verdict=seen.verdict,
        requests=seen.requests,
        first_seen=format_time(seen.first_us),
        last_seen=format_time(seen.last_us),
    )

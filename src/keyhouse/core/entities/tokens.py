"""User tokens that are revoked before their time."""

from dataclasses import dataclass
from enum import StrEnum


class RevokedKind(StrEnum):
    """By what tokens were revoked."""

    TOKEN = "token"  # noqa: S105 - names no secret
    SESSION = "session"
    USER = "user"
    KEY = "key"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevocation:
    """Tokens of an application that are refused: those issued before `before`

    that bear `value`, which is the id of a token, key or application, or the
    name of a session or user. `id` is `{application}/{kind}/{hash of value}`. The row
    is of no use after `expires_at`: all these tokens have ended by then.
    """

    id: str
    organization_id: str
    application_id: str
    kind: RevokedKind
    value: str
    before: int
    expires_at: int
    created_at: int
    updated_at: int

"""Tokens of users: minted with a key, revoked before their time."""

from keyhouse.services.tokens.commands import (
    WRITE,
    Revoked,
    RevokeWish,
    revoke_of_key,
    revoke_tokens,
)
from keyhouse.services.tokens.minting import (
    Minted,
    MintWish,
    NoSigningKey,
    ScopesWider,
    mint_token,
)
from keyhouse.services.tokens.users import UserDesk

__all__ = [
    "WRITE",
    "MintWish",
    "Minted",
    "NoSigningKey",
    "RevokeWish",
    "Revoked",
    "ScopesWider",
    "UserDesk",
    "mint_token",
    "revoke_of_key",
    "revoke_tokens",
]

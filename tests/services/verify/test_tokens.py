"""Tokens in the verifier's memory, however many strangers and users there are."""

from keyhouse.core.records import (
    Part,
    PartRef,
    RevocationsRecord,
    Snapshot,
)
from keyhouse.core.user_tokens import UserToken
from keyhouse.services.verify.cache import RecordCache
from tests.core.rows import line as line_of

TOKENS = 40
KEPT = 10


def token(number: int) -> UserToken:
    return UserToken(
        f"tok_{number}", "u", "", "app_a", "api_a", "key_a", "sec_a", 0, 1, frozenset()
    )


def test_what_is_kept_of_tokens_is_bounded() -> None:
    """Ten million users must not mean ten million ways in memory."""
    cache = RecordCache(KEPT)
    cache.start(0)
    line = line_of()
    parts: dict[PartRef, Part | None] = {PartRef("key", line.key.id): line.key}
    assert cache.install(Snapshot(0, parts))
    for number in range(TOKENS):
        digest = str(number).encode()
        cache.keep_token(digest, token(number))
        cache.keep_token_way(digest, line, parts)
    assert len(cache.tokens) == cache.ways == KEPT
    assert cache.way(str(TOKENS - 1).encode(), line.api.slug) is not None


def test_keys_that_tokens_alone_lead_to_are_bounded_too() -> None:
    cache = RecordCache(KEPT)
    cache.start(0)
    for number in range(20 * KEPT):
        key = line_of(id=f"key_{number}")
        revoked = RevocationsRecord(f"app_{number}", {})
        parts: dict[PartRef, Part | None] = {
            PartRef("key", key.key.id): key.key,
            PartRef("tokens", revoked.id): revoked,
        }
        assert cache.install(Snapshot(0, parts))
        cache.keep_token_way(str(number).encode(), key, parts)
    held = len(cache._parts["key"]) + len(cache._parts["tokens"])
    assert held <= 5 * KEPT + 1

"""Tokens in the verifier's memory, however many strangers and users there are."""

from keyhouse.core.entities import Access, Environment, KeyKind, Resource
from keyhouse.core.records import (
    Part,
    PartRef,
    RevocationsRecord,
    Snapshot,
)
from keyhouse.core.secret import mint
from keyhouse.core.user_tokens import PREFIX, UserToken
from keyhouse.services.verify.cache import CALLERS_A_KEY, RecordCache
from tests.core.rows import line as line_of
from tests.services.verify.world import World, access, finish, key

TOKENS = 40
KEPT = 10
OTHER = mint("kh", KeyKind.SERVER, Environment.TEST, b"2" * 32)
_SCOPES = frozenset({"forecast:read"})


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
        line = line_of(id=f"key_{number}")
        revoked = RevocationsRecord(f"app_{number}", {})
        parts: dict[PartRef, Part | None] = {
            PartRef("key", line.key.id): line.key,
            PartRef("tokens", revoked.id): revoked,
        }
        assert cache.install(Snapshot(0, parts))
        cache.keep_token_way(str(number).encode(), line, parts)
    held = len(cache._parts["key"]) + len(cache._parts["tokens"])
    assert held <= CALLERS_A_KEY * KEPT + 1


def test_a_key_with_another_keys_token_is_answered_where_memory_is_full() -> None:
    """What is let go to make room may be what the answer is made of."""
    world = World()
    assert world.decide().allowed, "its key is the first to be let go"
    for number in range(8):
        secret = mint("kh", KeyKind.SERVER, Environment.TEST, bytes([65 + number]) * 32)
        world.store.add_key(key(f"key_x{number}"), secret, opens(f"key_x{number}"))
        world.confirm()
        assert world.decide(secret).allowed
    world.store.add_key(key("key_2"), OTHER, opens("key_2"))
    world.store.put("tokens", RevocationsRecord("app_1", {}))
    world.confirm()
    assert world.decide(OTHER).allowed
    for number in range(TOKENS):
        world.cache.keep_token(str(number).encode(), token(number))
    text, now_us = PREFIX + b"x" * 20, world.clock.wall_us
    user = UserToken(
        "tok", "u", "", "app_1", "api_1", "key_2", "sec_key_2", 0, now_us + 1, _SCOPES
    )
    world.cache.keep_token(world.verifier.fingerprint(text), user)
    # All of it has to be put together anew, with no room for it.
    world.store.change("application", "app_1")
    world.confirm()
    world.cache._bytes_max = world.cache.weight
    asked = world.ask()
    asked.token = text
    assert finish(world.verifier.verify(asked)).allowed
    assert world.cache.weight <= world.cache._bytes_max


def opens(key_id: str) -> Access:
    return access(key_id, Resource.API, "api_1", *_SCOPES)

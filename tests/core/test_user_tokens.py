"""Whatever a stranger sends as a token, it is read whole and right, or it is none."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core import ids
from keyhouse.core.credentials import choose
from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.scopes import common, covers
from keyhouse.core.user_tokens import (
    MARK,
    PREFIX,
    TOKEN_LENGTH_MAX,
    Mint,
    claims_of,
    issued_ms,
    looks_like_token,
    taken_apart,
)
from keyhouse.core.verdict import Verdict
from tests.vectors.signing import EDDSA, signer

NOW_US = 1_768_392_000_123_456
TOKEN_ID = ids.make_id(ids.TOKEN, NOW_US, b"t" * 10)
LIMITS = (
    Limit(name="minute", kind=LimitKind.RATE, amount=3, period_seconds=60, burst=5),
    Limit(name="plain", kind=LimitKind.RATE, amount=3, period_seconds=60),
    Limit(name="daily", kind=LimitKind.QUOTA, amount=9, window=Window.DAY),
)
MINT = Mint(
    id=TOKEN_ID,
    issuer="https://keys.example",
    subject="alice",
    session="s-1",
    application_id="app_1",
    api_id="api_1",
    key_id="key_1",
    secret_id="sec_1",
    environment="live",
    now_us=NOW_US,
    seconds=60,
    scopes=("a:read", "b:*"),
    limits=LIMITS,
)
CLAIMS = claims_of(MINT)
SIGNER = signer(EDDSA)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def encoded(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def token_of(claims: dict[str, Any]) -> bytes:
    return SIGNER.sign("at+jwt", claims, MARK)


def written(head: str, claims: str, signature: bytes = b"s") -> bytes:
    return b".".join((encoded(head.encode()), encoded(claims.encode()), encoded(signature)))


HEAD = json.dumps({**MARK, "alg": "EdDSA", "kid": "k"}, separators=(",", ":"))


def test_what_is_minted_is_read_again() -> None:
    text = token_of(CLAIMS)
    assert text.startswith(PREFIX)
    apart = taken_apart(text)
    assert apart is not None
    signed, user = apart
    assert (signed.algorithm, signed.key_id) == ("EdDSA", EDDSA.id)
    assert SIGNER.verifies(signed.key_id, signed.content, signed.signature)
    assert (user.subject, user.session, user.api_id) == ("alice", "s-1", "api_1")
    assert (user.application_id, user.key_id, user.secret_id) == ("app_1", "key_1", "sec_1")
    assert user.scopes == {"a:read", "b:*"}
    assert user.limits == LIMITS
    assert user.issued_us == NOW_US // 1000 * 1000
    assert user.ends_us == (NOW_US // 1_000_000 + 60) * 1_000_000


@given(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
def test_an_id_tells_when_it_was_made(milliseconds: int, entropy: bytes) -> None:
    assert issued_ms(ids.make_id(ids.TOKEN, milliseconds * 1000, entropy)) == milliseconds


@given(st.binary(max_size=200))
def test_garbage_is_none(garbage: bytes) -> None:
    assert taken_apart(garbage) is None or looks_like_token(garbage)
    assert taken_apart(PREFIX + garbage) is None
    assert taken_apart(token_of(CLAIMS) + b"." + garbage) is None


@given(st.sampled_from(sorted(CLAIMS)), JSON)
def test_a_claim_of_any_other_form_is_read_right_or_not_at_all(
    name: str, value: Any
) -> None:
    claims = {**CLAIMS, name: value}
    apart = taken_apart(written(HEAD, json.dumps(claims)))
    if apart is None:
        return
    user = apart[1]
    for text in (user.subject, user.session, user.api_id, user.key_id, user.id):
        assert isinstance(text, str)
        assert text.isascii()
        assert text.isprintable()
    assert user.ends_us - user.issued_us // 1_000_000 * 1_000_000 > 0


@given(JSON)
def test_any_header_is_read_or_none(header: Any) -> None:
    assert taken_apart(written(json.dumps(header), json.dumps(CLAIMS))) is None


@pytest.mark.parametrize(
    "head",
    [
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"none","kid":"k"}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"HS256","kid":"k"}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":["EdDSA"],"kid":"k"}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"EdDSA"}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"EdDSA","kid":7}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"EdDSA","kid":"k","crit":["exp"]}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"none","alg":"EdDSA","kid":"k"}',
        '{"typ":"at+jwt","cty":"vnd.keyhouse+json","alg":"EdDSA","kid":"k","typ":"JWT"}',
    ],
)
def test_a_header_that_leads_astray_is_none(head: str) -> None:
    assert taken_apart(written(head, json.dumps(CLAIMS))) is None


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1e20},
        {"exp": 10**400},
        {"exp": CLAIMS["iat"]},
        {"iat": -1},
        {"iat": True},
        {"sub": ["alice"]},
        {"sub": "a\r\nKeyhouse-Subject: b"},
        {"sub": "a" * 256},
        {"aud": ["api_1", "api_2"]},
        {"jti": "tok_"},
        {"jti": "tok_" + "é" * 22},
        {"scope": ["a:read"]},
        {"scope": "a:read drop"},
        {"limits": [["x", 1]]},
        {"limits": [["x", -1, 60, None]]},
        {"limits": {"x": 1}},
    ],
)
def test_a_claim_that_we_never_make_is_none(change: dict[str, Any]) -> None:
    assert taken_apart(written(HEAD, json.dumps({**CLAIMS, **change}))) is None


def test_a_claim_that_comes_twice_makes_it_none() -> None:
    twice = json.dumps(CLAIMS)[:-1] + ',"sub":"mallory"}'
    assert taken_apart(written(HEAD, twice)) is None
    nested = json.dumps(CLAIMS)[:-1] + ',"x":{"a":1,"a":2}}'
    assert taken_apart(written(HEAD, nested)) is None


def test_a_token_in_a_token_and_a_deep_one_are_none() -> None:
    inner = token_of(CLAIMS).decode()
    assert taken_apart(written(HEAD, json.dumps(inner))) is None
    deep = "[" * 1500 + "]" * 1500
    assert taken_apart(written(HEAD, '{"sub":' + deep + "}")) is None
    long = written(HEAD, json.dumps({**CLAIMS, "x": "a" * TOKEN_LENGTH_MAX}))
    assert taken_apart(long) is None


def test_one_token_has_one_form() -> None:
    """Base64 that is written otherwise would be another string for the same token."""
    text = token_of(CLAIMS)
    assert taken_apart(text + b"=") is None
    last = text[-1:]
    others = [one for one in b"ABCDEFGHIJKLMNOP" if bytes([one]) != last]
    same = [text[:-1] + bytes([one]) for one in others]
    decoded = {apart[0].signature for one in same if (apart := taken_apart(one))}
    apart = taken_apart(text)
    assert apart is not None
    assert apart[0].signature not in decoded


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_token_of_ours_never_travels_on(before: bytes, behind: bytes) -> None:
    """Wherever it stands in Authorization, beside a key or not, none of that goes on."""
    token = token_of(CLAIMS)
    for value in (b"Bearer " + token + behind, b"Bearer " + before + b", Bearer " + token):
        for key in (None, b"kh_sk_test_x"):
            assert choose(key, value, None).own_authorization


def test_a_token_beside_a_key_is_chosen_with_it() -> None:
    token = token_of(CLAIMS)
    chosen = choose(b"garbage", b"Bearer " + token, None)
    assert (chosen.secret, chosen.token) == (b"garbage", token)
    alone = choose(None, b"bearer " + token, None)
    assert (alone.secret, alone.token, alone.refusal) == (token, None, None)
    long = choose(b"garbage", b"Bearer " + token + b"A" * TOKEN_LENGTH_MAX, None)
    assert long.refusal is Verdict.MALFORMED


SCOPE = st.sampled_from(["*", "a:*", "*:r", "a:r", "a:w", "b:r", "b:w"])
SCOPES = st.frozensets(SCOPE, max_size=4)


@given(SCOPES, SCOPES, SCOPE)
def test_what_two_share_opens_what_both_do(
    one: frozenset[str], other: frozenset[str], needed: str
) -> None:
    """Never more; and no less, but where only a narrower name would tell it."""
    both = covers(one, needed) and covers(other, needed)
    if covers(common(one, other), needed):
        assert both
    elif both:
        assert needed not in one | other


def test_a_quota_of_a_token_counts_by_utc() -> None:
    apart = taken_apart(token_of(claims_of(replace_limits())))
    assert apart is not None
    assert {limit.zone for limit in apart[1].limits} == {str(UTC)}


def replace_limits() -> Mint:
    return MINT._replace(limits=(replace(LIMITS[2]),))

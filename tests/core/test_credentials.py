"""Which credential counts, and that none of ours travels on to an upstream."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.basic import BASICS_MAX
from keyhouse.core.credentials import Chosen, choose
from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.secret import mint
from keyhouse.core.verdict import Verdict

A = mint("kh", KeyKind.SERVER, Environment.LIVE, b"a" * 32).reveal().encode()
B = mint("kh", KeyKind.SERVER, Environment.LIVE, b"b" * 32).reveal().encode()
TYPO = A[:-1] + (b"0" if A[-1:] != b"0" else b"1")
JWT = b"eyJhbGciOi.eyJzdWIi.c2ln"

MISSING = (None, Verdict.MISSING)
CONFLICT = (None, Verdict.CONFLICTING_CREDENTIALS)
MALFORMED = (None, Verdict.MALFORMED)


@pytest.mark.parametrize(
    ("header", "authorization", "parameter", "chosen", "own"),
    [
        (None, None, None, MISSING, False),
        (b"", None, None, MISSING, False),
        (None, b"", b"", MISSING, False),
        (A, None, None, (A, None), False),
        (b"garbage", None, None, (b"garbage", None), False),
        (b"x" * 129, None, None, MALFORMED, False),
        (None, None, A, (A, None), False),
        (None, b"Bearer " + A, None, (A, None), True),
        (None, b"bearer   " + A + b" ", None, (A, None), True),
        (b"", b"Bearer " + A, b"", (A, None), True),
        (None, b"Bearer " + TYPO, None, (TYPO, None), True),
        (None, b"Bearer " + JWT, None, (JWT, None), True),
        (None, b"Bearer", None, MISSING, False),
        (None, b"Bearer  ", None, MISSING, False),
        (None, b"Basic dTpw", None, MISSING, False),
        (None, b"Bearer " + b"x" * 129, None, MALFORMED, True),
        # Beside a key, an Authorization that is not ours is the upstream's.
        (A, b"Bearer " + JWT, None, (A, None), False),
        (A, b"Basic dTpw", None, (A, None), False),
        (None, b"Bearer " + JWT, A, (A, None), False),
        (b"garbage", b"Bearer " + JWT, None, (b"garbage", None), False),
        # The same key twice is one, two are refused.
        (A, b"Bearer " + A, A, (A, None), True),
        (A, None, A, (A, None), False),
        (A, b"Bearer " + B, None, CONFLICT, True),
        (A, b"Bearer " + TYPO, None, CONFLICT, True),
        (A, None, B, CONFLICT, False),
        (None, b"Bearer " + A, B, CONFLICT, True),
        (b"garbage", b"Bearer " + A, None, CONFLICT, True),
        # A header that came more than once.
        (A + b", " + A, None, None, (A, None), False),
        (A + b", " + B, None, None, CONFLICT, False),
        (A + b"," + B, None, None, CONFLICT, False),
        (b"x, y", None, None, (b"x, y", None), False),
        (None, b"Bearer " + A + b", Bearer " + A, None, (A, None), True),
        (None, b"Bearer " + A + b", Bearer " + B, None, CONFLICT, True),
        (A, b"Basic dTpw, Bearer " + A, None, (A, None), True),
        (A, b"Bearer " + JWT + b", Bearer " + A, None, CONFLICT, True),
        # However it is wrapped, our key does not go to the upstream.
        (A, b"Token " + A, None, (A, None), True),
        (A, b'Digest key="' + B + b'"', None, (A, None), True),
    ],
)
def test_the_choice(
    header: bytes | None,
    authorization: bytes | None,
    parameter: bytes | None,
    chosen: tuple[bytes | None, Verdict | None],
    own: bool,
) -> None:
    assert choose(header, authorization, parameter) == Chosen(*chosen, own)


ID = "key_" + "0" * 22


def basic(user: str, password: bytes) -> bytes:
    return b"Basic " + b64encode(user.encode() + b":" + password)


@pytest.mark.parametrize(
    ("header", "authorization", "chosen"),
    [
        (None, basic(ID, A), Chosen(A, None, True, ID)),
        # Upstreams forgive padding that lacks, so a key must not reach them so.
        (None, basic(ID, A).rstrip(b"="), Chosen(A, None, True, ID)),
        (None, basic("", A), Chosen(A, None, True, "")),
        (None, basic("apikey", A), Chosen(A, None, True, "")),
        # Beside the key in the header, a name is not its id.
        (A, basic("apikey", A), Chosen(A, None, True, "")),
        (A, basic(ID, A), Chosen(A, None, True, ID)),
        (A, basic(ID, B), Chosen(None, Verdict.CONFLICTING_CREDENTIALS, True)),
        (None, basic(ID, b""), Chosen(None, Verdict.MALFORMED, True)),
        (None, basic(ID, b"x" * 129), Chosen(None, Verdict.MALFORMED, True)),
        (None, basic(A.decode(), b""), Chosen(None, Verdict.MALFORMED, True)),
        (None, b"Basic " + b64encode(A), Chosen(A, None, True, "")),
        (None, basic("u" * 30_000, A), Chosen(A, None, True, "")),
        (None, basic("u" * 30_000, b"p"), Chosen(None, Verdict.MISSING, False)),
        (None, b"Basic \xff\x00", Chosen(None, Verdict.MISSING, False)),
        (None, b"Basic a", Chosen(None, Verdict.MISSING, False)),
        (A, b"Basic a", Chosen(A, None, False)),
        (A, basic("me", b"mine"), Chosen(A, None, False)),
    ],
)
def test_the_choice_with_http_basic(
    header: bytes | None, authorization: bytes, chosen: Chosen
) -> None:
    assert choose(header, authorization, None) == chosen


def test_no_more_basics_are_decoded_than_a_caller_could_mean() -> None:
    """A head full of them is no key, and goes to no upstream."""
    many = b", ".join([basic("me", b"mine")] * (BASICS_MAX + 1))
    assert choose(None, many, None) == Chosen(None, Verdict.MALFORMED, True)


@given(st.binary(max_size=200))
def test_no_basic_with_a_key_in_it_travels_on(junk: bytes) -> None:
    """Wherever our secret stands in it."""
    for pair in (junk + A, A + junk, junk + b":" + A, b"a:" + junk + A + junk):
        assert choose(None, b"Basic " + b64encode(pair), None).own_authorization

"""Which credential counts, and that none of ours travels on to an upstream."""

import pytest

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

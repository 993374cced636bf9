"""Anything at all, in pieces of any size: one outcome, nothing raised, nothing hangs.

What to try is drawn from the tables, put together and damaged. The choice is the
same in each run; `make soak` goes on from there.
"""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.gateway.doubles import NAMED, NAMED_ID
from tests.doors.gateway.raw import fuzzing
from tests.doors.gateway.raw.answer_cases import ANSWERS
from tests.doors.gateway.raw.cases import CASES
from tests.doors.gateway.raw.credential_cases import CREDENTIALS
from tests.doors.gateway.raw.still import StillLoop

SIZE_MAX = 3000
TRICKY = st.sampled_from(
    [
        *(bytes((byte,)) for byte in b'\0\t\n\x0b\r "#%+,-./0159:;=?\\_a\x7f\xff'),
        b"\r\n",
        b"\r\n\r\n",
        b"0\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Host: b\r\n",
        b"chunked",
        b"HTTP/1.0",
    ]
)
CUTS = st.lists(st.integers(0, 1 << 16), max_size=8)
FUZZ = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def damaged(draw: st.DrawFn, parts: list[bytes], most: int) -> bytes:
    """Some of the parts in a row, with bytes put in, taken out or doubled."""
    data = b"".join(draw(st.lists(st.sampled_from(parts), min_size=1, max_size=most)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 12)))
        middle = draw(st.one_of(TRICKY, st.just(b""), st.just(data[at:end] * 2)))
        data = data[:at] + middle + data[end:]
    return data


@pytest.fixture(scope="module")
def loop() -> Iterator[StillLoop]:
    made = StillLoop()
    yield made
    made.close()


REQUESTS = [case.sent for case in CASES if len(case.sent) <= SIZE_MAX]
WITH_KEYS = [*(data for data, _ in CREDENTIALS), *REQUESTS[:20]]
REPLIES = [case.sent for case in ANSWERS if len(case.sent) <= SIZE_MAX]


@FUZZ
@given(data=damaged(REQUESTS, 3), cuts=CUTS, ends=st.booleans())
def test_requests(loop: StillLoop, data: bytes, cuts: list[int], *, ends: bool) -> None:
    fuzzing.check_requests(loop, data, cuts, ends=ends)


@FUZZ
@given(data=damaged(WITH_KEYS, 3), cuts=CUTS, ends=st.booleans())
def test_credentials(loop: StillLoop, data: bytes, cuts: list[int], *, ends: bool) -> None:
    fuzzing.check_requests(loop, data, cuts, ends=ends)


@FUZZ
@given(
    method=st.sampled_from([b"GET", b"HEAD", b"POST", fuzzing.SWITCH]),
    data=damaged(REPLIES, 2),
    cuts=CUTS,
    ends=st.booleans(),
)
def test_answers(
    loop: StillLoop, method: bytes, data: bytes, cuts: list[int], *, ends: bool
) -> None:
    fuzzing.check_answers(loop, method, data, cuts, ends=ends)


@pytest.mark.parametrize("data", REQUESTS)
def test_each_request_of_the_table_in_single_bytes(loop: StillLoop, data: bytes) -> None:
    fuzzing.check_requests(loop, data, list(range(len(data))), ends=False)


@pytest.mark.parametrize(("data", "opens"), CREDENTIALS)
def test_a_key_in_any_place_opens_in_single_bytes_and_goes_no_further(
    loop: StillLoop, data: bytes, *, opens: bool
) -> None:
    fuzzing.check_requests(loop, data, list(range(len(data))), ends=False)
    forwarded = fuzzing.forwarded(loop, data)
    assert len(forwarded) == opens
    for request in forwarded:
        sent = request.target + b"".join(name + value for name, value in request.fields)
        assert NAMED not in sent
        assert b64encode(f"{NAMED_ID}:".encode())[:30] not in sent


@pytest.mark.parametrize("data", REPLIES)
def test_each_answer_of_the_table_in_single_bytes(loop: StillLoop, data: bytes) -> None:
    fuzzing.check_answers(loop, b"GET", data, list(range(len(data))), ends=True)

"""Whoever reads no answers gets no more of them, and has no endless time."""

import json
from collections.abc import Iterator

import pytest

from tests.doors.gateway.doubles import KEY, MANAGER
from tests.doors.gateway.raw.still import NAP_SECONDS, Still, StillLoop

_BODY = json.dumps({"api": "weather", "secret": KEY.decode()}).encode()
_ASKED = {
    "refused": b"GET /weather/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "our own": b"GET /.keyhouse/live HTTP/1.1\r\nHost: a\r\n\r\n",
    "verify": (
        b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (MANAGER, len(_BODY), _BODY)
    ),
}


@pytest.fixture
def still() -> Iterator[Still]:
    """A gateway and one caller, in a time that stands still."""
    loop = StillLoop()
    made = Still(loop)
    yield made
    made.gate.watch.stop()
    loop.close()


@pytest.mark.parametrize("asked", _ASKED.values(), ids=_ASKED.keys())
def test_a_request_waits_until_the_answers_before_it_are_read(
    still: Still, asked: bytes
) -> None:
    """Each of them would be written into memory, one after the other."""
    caller, wire, loop = still.caller.protocol, still.caller, still.loop
    wire.deliver(asked)
    loop.settle()
    assert [told.status // 100 for told in still.outcome_so_far()] in ([2], [4])
    caller.pause_writing()
    for _ in range(3):
        wire.deliver(asked)
        loop.settle()
    assert len(still.outcome_so_far()) == 1
    caller.resume_writing()
    loop.settle()
    assert len(still.outcome_so_far()) == 4


def test_whoever_goes_on_asking_and_reads_nothing_is_cut_off(still: Still) -> None:
    still.caller.protocol.pause_writing()
    for _ in range(int(still.gate.config.idle_seconds_max / NAP_SECONDS) + 2):
        still.caller.deliver(_ASKED["refused"])
        still.loop.nap()
    assert still.caller.lost

"""What goes out in one piece: each write is a system call, and a packet."""

from collections.abc import Iterator

import pytest

from tests.doors.gateway.raw import strict
from tests.doors.gateway.raw.cases import GET, POST
from tests.doors.gateway.raw.still import Still, StillLoop, Wire

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = POST + b"Content-Length: 5\r\n\r\nhello"


@pytest.fixture
def still() -> Iterator[Still]:
    loop = StillLoop()
    made = Still(loop)
    yield made
    made.outcome()
    loop.close()


def reply(wire: Wire, _request: strict.Request) -> None:
    wire.deliver(ANSWER)


def counted(still: Still, data: bytes) -> tuple[int, int]:
    """Writes to the upstream and to the caller for a request that came in one piece."""
    caller = still.caller
    before = sum(wire.writes for wire in still.loop.wires), caller.writes
    caller.deliver(data)
    still.settle(reply)
    after = sum(wire.writes for wire in still.loop.wires), caller.writes
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.parametrize("data", [GET + b"\r\n", BODY])
def test_a_request_that_came_whole_goes_out_whole_and_so_does_its_answer(
    still: Still, data: bytes
) -> None:
    """With its body behind its head; a second packet took POSTs a third of their pace."""
    assert [counted(still, data) for _ in range(3)] == [(1, 1)] * 3
    assert [one.status for one in still.outcome_so_far()] == [200] * 3


def test_what_is_not_there_yet_is_not_waited_for(still: Still) -> None:
    """The upstream begins with what has come."""
    counted(still, GET + b"\r\n")
    still.caller.deliver(BODY[:-2])
    still.loop.settle()
    (wire,) = still.loop.wires
    assert wire.written.endswith(b"\r\n\r\nhel")
    assert counted(still, BODY[-2:]) == (1, 1)

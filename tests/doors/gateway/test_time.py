"""Nobody can hold a connection for ever, and nobody is cut off while moving."""

import asyncio
import json

import pytest

from keyhouse.core.pending import Pending
from tests.doors.gateway.conftest import House, until, within
from tests.doors.gateway.doubles import KEY, MANAGER
from tests.doors.gateway.wire import Link, ok

SHORT = 0.2
GET = b"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: " + KEY + b"\r\n\r\n"
POST = GET.replace(b"GET", b"POST")[:-2] + b"Content-Length: 10\r\n\r\n"


async def silence(link: Link) -> None:
    await link.head()
    await link.reader.read()


async def test_a_head_that_never_ends_is_a_408(house: House) -> None:
    await house.start(head_seconds_max=SHORT)
    client = await house.client()
    with within(5):
        for byte in GET[:-2]:
            client.send(bytes([byte]))
            await asyncio.sleep(0.005)
        answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert await client.rest() == b""


async def test_a_connection_that_says_nothing_is_closed(house: House) -> None:
    await house.start(head_seconds_max=SHORT, idle_seconds_max=SHORT)
    silent = await house.client()
    used = await house.client()
    used.send(GET)
    assert (await used.answer()).status == 200
    with within(5):
        assert await silent.rest() == b""
        assert await used.rest() == b""


async def test_a_body_that_stalls_is_a_408(house: House) -> None:
    await house.start(idle_seconds_max=SHORT)
    client = await house.client()
    client.send(POST + b"half")
    with within(5):
        assert (await client.answer()).status == 408


@pytest.mark.parametrize(
    "lines",
    [b"Content-Length: 4000\r\n", b"X-API-Key: %b\r\nContent-Length: 60000\r\n" % MANAGER],
)
async def test_a_body_for_us_that_never_ends_is_a_408(house: House, lines: bytes) -> None:
    """However lively it comes; a long one of a stranger is not waited for at all."""
    await house.start(head_seconds_max=SHORT)
    client = await house.client()
    client.send(b"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\n")
    client.send(lines + b"\r\n")
    with within(5):
        for _ in range(200):
            client.send(b" ")
            await asyncio.sleep(0.005)
        assert (await client.answer()).status == 408


async def test_a_slow_upstream_is_a_504_and_others_go_on(house: House) -> None:
    await house.start(upstream_seconds_max=SHORT)
    house.upstream.play = silence
    client = await house.client()
    client.send(GET)
    with within(5):
        answer = await client.answer()
    assert (answer.status, json.loads(answer.body)["code"]) == (504, "upstream_timeout")
    assert house.meter.completed_rows[0]["status"] == 504
    house.upstream.play = house.upstream.obedient
    client.send(GET)
    assert (await client.answer()).status == 200


async def test_an_upstream_that_stops_in_the_midst_breaks_off(house: House) -> None:
    await house.start(upstream_seconds_max=SHORT)

    async def play(link: Link) -> None:
        await link.head()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await link.reader.read()

    house.upstream.play = play
    client = await house.client()
    client.send(GET)
    with within(5):
        assert await client.is_reset()


async def test_an_upstream_may_take_long_if_it_keeps_moving(house: House) -> None:
    await house.start(upstream_seconds_max=SHORT)

    async def play(link: Link) -> None:
        await link.head()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(SHORT / 4)
            link.send(b"x")

    house.upstream.play = play
    assert (await house.ask(GET)).body == b"x" * 10


async def test_a_caller_that_uploads_slowly_is_not_the_upstreams_fault(
    house: House,
) -> None:
    await house.start(upstream_seconds_max=SHORT, idle_seconds_max=5)
    client = await house.client()
    client.send(POST)
    for _ in range(10):
        await asyncio.sleep(SHORT / 3)
        client.send(b"x")
    assert (await client.answer()).body == b"x" * 10


async def test_a_reader_that_stalls_is_cut_off(house: House) -> None:
    await house.start(idle_seconds_max=SHORT)
    house.upstream.reply(ok(b"x" * 20_000_000))
    client = await house.client()
    client.pause()
    client.send(GET)
    assert house.server is not None
    with within(10):
        await until(lambda: bool(house.meter.completed_rows), 10)
    assert house.meter.completed_rows[0]["bytes_out"] < 20_000_000


async def test_a_fault_after_a_wait_ends_the_connection_and_no_other(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """As one before it does: nobody waits for what will not come."""
    await house.start()
    verify = house.verifier.verify

    def fail(_: object) -> None:
        raise ZeroDivisionError

    house.verifier.verify = lambda request: Pending("x", lambda: None, fail)  # type: ignore[method-assign]  # a fault
    client = await house.client()
    with within(5):
        client.send(GET)
        assert await client.rest() == b""
    house.verifier.verify = verify  # type: ignore[method-assign]  # mended
    assert (await house.ask(GET)).status == 200
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ZeroDivisionError
    ]


async def test_a_decision_that_never_comes_is_unavailable(house: House) -> None:
    await house.start(upstream_seconds_max=SHORT)
    stuck = asyncio.Event()
    loop = asyncio.get_running_loop()

    def block() -> None:
        asyncio.run_coroutine_threadsafe(stuck.wait(), loop).result()

    house.verifier.verify = lambda request: Pending("x", block, lambda _: None)  # type: ignore[method-assign]  # stuck
    with within(5):
        assert (await house.ask(GET)).status == 503
    stuck.set()

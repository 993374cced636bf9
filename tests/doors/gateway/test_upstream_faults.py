"""Upstreams that misbehave: a caller never takes a part for the whole."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from keyhouse.core.entities import Resource
from keyhouse.core.records import GrantRecord
from tests.doors.gateway.conftest import House, until, within
from tests.doors.gateway.doubles import KEY, LIMITED, api_record, key_record
from tests.doors.gateway.wire import Link, ok


def get(method: str = "GET", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    start = f"{method} /weather/x HTTP/1.1\r\nHost: a\r\n"
    return f"{start}X-API-Key: {KEY.decode()}\r\n{lines}\r\n".encode()


@pytest.mark.parametrize(
    "part",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz",
    ],
)
@pytest.mark.parametrize("how", ["end", "abort"])
async def test_a_body_cut_short_breaks_the_connection(
    house: House, part: bytes, how: str
) -> None:
    await house.start()
    cut = asyncio.Event()

    async def play(link: Link) -> None:
        await link.request()
        link.send(part)
        await cut.wait()
        getattr(link, how)()

    house.upstream.play = play
    client = await house.client()
    client.send(get())
    if not part.endswith(b"zz"):
        head = await client.reader.readuntil(b"half")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    cut.set()
    assert await client.is_reset()
    [completed] = house.meter.completed_rows
    assert completed["status"] in (200, 502)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Hints\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_is_a_502(house: House, answer: bytes) -> None:
    await house.start()
    house.upstream.reply(answer, end=True)
    client = await house.client()
    client.send(get("POST", "Content-Length: 0"))
    told = await client.answer()
    while told.status == 103:
        told = await client.answer()
    assert (told.status, json.loads(told.body)["code"]) == (502, "upstream_failed")
    assert house.meter.completed_rows[0]["status"] == 502
    house.upstream.play = house.upstream.obedient
    client.send(get())
    assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    "surplus",
    [
        ok(b"poison"),
        b"HTTP/1.1 200",
        b"x",
        b"\x00\x01",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_surplus_bytes_never_answer_the_next_request(
    house: House, surplus: bytes, method: str
) -> None:
    await house.start()
    body = b"" if method == "HEAD" else b"hello"
    house.upstream.reply(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body + surplus)
    client = await house.client()
    for _ in range(3):
        client.send(get(method))
        answer = await client.answer(is_head=method == "HEAD")
        assert answer.body == body
    assert house.upstream.connections == 3


async def test_what_an_unused_connection_says_ends_it(house: House) -> None:
    await house.start()
    said = asyncio.Event()

    async def play(link: Link) -> None:
        await house.upstream.note(link)
        link.send(ok(b"one"))
        await said.wait()
        link.send(ok(b"poison"))
        await link.reader.read()
        said.clear()

    house.upstream.play = play
    client = await house.client()
    client.send(get())
    assert (await client.answer()).body == b"one"
    said.set()
    await until(lambda: not said.is_set())
    client.send(get())
    assert (await client.answer()).body == b"one"
    assert house.upstream.connections == 2


async def test_a_dead_upstream_is_a_502_and_others_go_on(house: House) -> None:
    await house.start()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    house.verifier.apis["none"] = replace(
        house.verifier.apis["none"], upstreams={"test": f"http://127.0.0.1:{port}"}
    )
    client = await house.client()
    client.send(get().replace(b"/weather", b"/none"))
    answer = await client.answer()
    assert (answer.status, json.loads(answer.body)["code"]) == (502, "upstream_unreachable")
    client.send(get())
    assert (await client.answer()).status == 200


async def test_a_kept_connection_that_went_stale_is_tried_again(house: House) -> None:
    await house.start()

    async def once_each(link: Link) -> None:
        """Answers one request, takes the next one and hangs up."""
        await house.upstream.note(link)
        link.send(ok(b"good"))
        await link.head()
        link.end()

    house.upstream.play = once_each
    client = await house.client()
    for _ in range(3):
        client.send(get())
        assert (await client.answer()).body == b"good"
    client.send(get("POST", "Content-Length: 0"))
    assert (await client.answer()).status == 502


async def test_an_early_answer_to_a_long_upload_gets_through(house: House) -> None:
    await house.start()

    async def play(link: Link) -> None:
        await link.head()
        link.send(b"HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nno!")
        await link.reader.read()

    house.upstream.play = play
    client = await house.client()
    client.send(get("POST", "Content-Length: 50000000") + b"x" * 1000)
    answer = await client.answer()
    assert (answer.status, answer.body) == (413, b"no!")
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_a_cut_body_is_not_a_whole_one_to_http_1_0(house: House) -> None:
    await house.start()
    house.upstream.reply(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", end=True
    )
    client = await house.client()
    client.send(get().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert await client.is_reset()


async def test_a_caller_that_leaves_takes_its_upstream_with_it(house: House) -> None:
    await house.start()
    gone = asyncio.Event()

    async def play(link: Link) -> None:
        await link.request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
        try:
            await link.reader.read()
        finally:
            gone.set()

    house.upstream.play = play
    client = await house.client()
    client.send(get())
    await client.reader.readuntil(b"\r\n\r\nx")
    client.reset()
    async with asyncio.timeout(5):
        await gone.wait()
    await until(lambda: len(house.meter.completed_rows) == 1)


async def test_a_caller_that_dies_within_its_body_is_not_taken_at_its_word(
    house: House,
) -> None:
    await house.start()
    seen: list[bytes] = []
    done = asyncio.Event()

    async def play(link: Link) -> None:
        await link.head()
        try:
            seen.append(await link.reader.readexactly(100))
        except (asyncio.IncompleteReadError, ConnectionError):
            done.set()

    house.upstream.play = play
    client = await house.client()
    client.send(get("POST", "Content-Length: 100") + b"half")
    await until(lambda: house.upstream.connections == 1)
    client.writer.write_eof()
    async with asyncio.timeout(5):
        await done.wait()
    assert not seen


async def test_private_upstreams_can_be_forbidden(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.start(upstream_private=False)
    caplog.set_level(logging.WARNING)
    assert (await house.ask(get())).status == 502
    assert "private" in caplog.text
    assert not house.upstream.connections


async def test_a_private_upstream_behind_a_name_is_seen_after_dns(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """At each connection anew: a name may lead elsewhere than it did at first."""
    url = f"http://localhost:{house.upstream.port}"
    house.verifier.apis["weather"] = api_record("weather", url)
    await house.start(upstream_private=False)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        assert (await house.ask(get())).status == 502
    assert caplog.text.count("is private") == 2
    assert not house.upstream.connections


async def test_the_operators_own_organization_has_private_upstreams(house: House) -> None:
    """And nobody else uses its connections, though the address is the same."""
    url = house.upstream.url
    theirs = api_record("based", url, organization_id="org_2")
    house.verifier.apis["based"] = theirs
    for secret, one in ((KEY, "org_1"), (LIMITED, "org_2")):
        opens = GrantRecord(Resource.ORGANIZATION, one, one, None, frozenset())
        key = key_record(one, grants=(opens,))
        house.verifier.keys[secret] = replace(key, organization_id=one)
    await house.start(upstream_private=False, upstream_private_for=frozenset(("org_1",)))
    assert (await house.ask(get())).status == 200
    foreign = get().replace(b"/weather/", b"/based/").replace(KEY, LIMITED)
    assert (await house.ask(foreign)).status == 502
    assert (await house.ask(get())).status == 200


async def test_an_address_that_swallows_packets_does_not_hide_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is tried no more before the one that answered."""
    port = house.upstream.port
    house.verifier.apis["weather"] = api_record("weather", f"http://two.test:{port}")
    await house.start(upstream_seconds_max=2)

    def found(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, 0)) for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with full_queue("127.0.0.2", port):
        assert (await house.ask(get())).status == 200
        house.upstream.reply(ok(b"and gone"), end=True)
        with within(0.5):
            for _ in range(2):
                assert (await house.ask(get())).status == 200


@contextlib.contextmanager
def full_queue(address: str, port: int) -> Iterator[None]:
    """A place that takes no connection and refuses none: its queue is full."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield


async def test_more_requests_than_connections_wait_for_one(house: House) -> None:
    await house.start(upstream_connections_max=2)
    answers = await asyncio.gather(*(house.ask(get()) for _ in range(10)))
    assert {answer.status for answer in answers} == {200}
    assert house.upstream.connections == 2

"""Large bodies pass through in bounded memory, at the pace of the slower side."""

import asyncio

import psutil
import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.wire import Link

LARGE = 200_000_000
# More than the kernel's own buffers take on both ways (32 MiB each where they grow).
MEMORY_MAX = 25_000_000
PIECE = bytes(range(256)) * 256
K = b"Host: a\r\nX-API-Key: " + KEY + b"\r\n"


def memory() -> int:
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_answer_waits_for_its_reader(house: House, *, chunked: bool) -> None:
    await house.start()
    sent = 0

    async def play(link: Link) -> None:
        nonlocal sent
        await link.head()
        framing = (
            b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % LARGE
        )
        link.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        while sent < LARGE:
            piece = PIECE[: LARGE - sent]
            link.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
            await link.writer.drain()
        if chunked:
            link.send(b"0\r\n\r\n")

    house.upstream.play = play
    client = await house.client()
    before = memory()
    client.pause()
    client.send(b"GET /weather/x HTTP/1.1\r\n" + K + b"\r\n")
    last = -1
    while last != sent:
        last = sent
        await asyncio.sleep(0.1)
    assert sent < LARGE / 2
    client.resume()
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    got = 0
    while got < LARGE:
        if chunked:
            size = int(await client.reader.readuntil(b"\r\n"), 16)
            got += len((await client.reader.readexactly(size + 2))[:-2])
        else:
            got += len(await client.reader.read(1 << 20))
    assert got == LARGE
    assert memory() - before < MEMORY_MAX


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_upload_waits_for_its_upstream(
    house: House, *, chunked: bool
) -> None:
    await house.start()
    go = asyncio.Event()
    got = 0

    async def play(link: Link) -> None:
        nonlocal got
        await link.head()
        await go.wait()
        while got < LARGE:
            if chunked:
                size = int(await link.reader.readuntil(b"\r\n"), 16)
                got += len((await link.reader.readexactly(size + 2))[:-2])
            else:
                got += len(await link.reader.read(1 << 20))
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await link.reader.read()

    house.upstream.play = play
    client = await house.client()
    before = memory()
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % LARGE
    client.send(b"POST /weather/x HTTP/1.1\r\n" + K + framing + b"\r\n\r\n")
    sent = 0

    async def upload() -> None:
        nonlocal sent
        while sent < LARGE:
            piece = PIECE[: LARGE - sent]
            client.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
            await client.writer.drain()
        if chunked:
            client.send(b"0\r\n\r\n")

    uploading = asyncio.create_task(upload())
    last = -1
    while last != sent:
        last = sent
        await asyncio.sleep(0.1)
    assert sent < LARGE / 2
    go.set()
    await uploading
    answer = await client.answer()
    assert (answer.status, got) == (200, LARGE)
    assert memory() - before < MEMORY_MAX


async def test_pieces_reach_the_caller_as_they_come(house: House) -> None:
    """Server-sent events are of no use when they are gathered."""
    await house.start()
    more = asyncio.Event()

    async def play(link: Link) -> None:
        await link.head()
        link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await more.wait()
        link.send(b"3\r\ntwo\r\n0\r\n\r\n")

    house.upstream.play = play
    client = await house.client()
    client.send(b"GET /weather/x HTTP/1.1\r\n" + K + b"\r\n")
    await client.reader.readuntil(b"3\r\none\r\n")
    more.set()
    assert await client.reader.readuntil(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"

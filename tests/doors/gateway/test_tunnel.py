"""WebSockets through the gateway: decided like any request, then bytes both ways."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus

from keyhouse.doors.gateway import tunnel
from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import KEY, LIMITED, api_record
from tests.doors.gateway.wire import Link, RawUpstream

HEAD = (
    b"GET /weather/chat HTTP/1.1\r\nHost: api.test\r\nX-API-Key: " + KEY + b"\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nServer: x\r\n\r\n"
)
LARGE = 3_000_000


class Peer:
    """A real WebSocket server behind the gateway, which sends back what it gets."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.heads: list[dict[str, str]] = []
        self.closed: list[int | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{next(iter(self.server.sockets)).getsockname()[1]}"


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    made: Peer

    async def echo(connection: ServerConnection) -> None:
        assert connection.request is not None
        made.heads.append(dict(connection.request.headers.raw_items()))
        try:
            async for message in connection:
                await connection.send(message)
        finally:
            made.closed.append(connection.close_code)

    async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
        made = Peer(server)
        yield made


@pytest.fixture
async def chatty(upstream: RawUpstream, peer: Peer) -> AsyncIterator[House]:
    """The gateway with `chat` in front of the peer."""
    made = House(upstream)
    made.verifier.apis["chat"] = api_record("chat", peer.url)
    yield made
    await made.stop()


def dial(house: House, key: bytes = KEY, **options: object) -> connect:
    return connect(
        f"ws://127.0.0.1:{house.port}/chat/room?a=b",
        additional_headers={"X-API-Key": key.decode()},
        max_size=None,
        compression=None,
        **options,  # type: ignore[arg-type]  # any of the client's, by name
    )


async def ended(connection: ClientConnection) -> None:
    async with asyncio.timeout(5):
        await connection.wait_closed()


async def test_a_websocket_passes_and_is_counted_at_its_end(
    chatty: House, peer: Peer
) -> None:
    await chatty.start()
    async with dial(chatty) as connection:
        for message in ("hello", b"\x00\xff", "x" * LARGE):
            await connection.send(message)
            assert await connection.recv() == message
        assert connection.response is not None
        assert "keyhouse-request-id" in connection.response.headers
        assert not chatty.meter.completed_rows
    [head] = peer.heads
    assert KEY.decode() not in str(head)
    assert (head["Keyhouse-Key-Id"], head["X-Forwarded-Host"]) == (
        "key_one",
        f"127.0.0.1:{chatty.port}",
    )
    await until(lambda: len(chatty.meter.completed_rows) == 1)
    [served], [completed] = chatty.meter.served_rows, chatty.meter.completed_rows
    assert (served["path"], served["code"], completed["status"]) == (
        "/chat/room",
        "valid",
        101,
    )
    assert LARGE < completed["bytes_in"] < LARGE * 1.1
    assert LARGE < completed["bytes_out"] < LARGE * 1.1
    assert completed["latency_us"] < 5_000_000
    await until(lambda: peer.closed == [1000])
    await until(lambda: not chatty.server.connections)  # type: ignore[union-attr]


async def test_a_refused_key_opens_nothing(chatty: House, peer: Peer) -> None:
    await chatty.start()
    with pytest.raises(InvalidStatus) as refused:
        async with dial(chatty, KEY[:-1] + b"x"):
            pass
    assert refused.value.response.status_code == 401
    assert not peer.heads


async def test_a_websocket_counts_against_a_limit(chatty: House) -> None:
    await chatty.start()
    async with dial(chatty, LIMITED), dial(chatty, LIMITED):
        with pytest.raises(InvalidStatus) as refused:
            async with dial(chatty, LIMITED):
                pass
    assert refused.value.response.status_code == 429


async def test_an_upstream_that_declines_is_heard(house: House) -> None:
    await house.start()
    house.upstream.reply(b"HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno")
    answer = await house.ask(HEAD)
    assert (answer.status, answer.body, answer.headers["connection"]) == (
        426,
        b"no",
        "close",
    )


@pytest.mark.parametrize(
    "answer",
    [
        AGREED.replace(b"Upgrade: websocket\r\n", b""),
        AGREED.replace(b"websocket", b"h2c"),
        AGREED.replace(b"Connection: Upgrade\r\n", b""),
        AGREED.replace(b"101", b"100") + AGREED.replace(b"websocket", b"x"),
    ],
)
async def test_half_an_agreement_is_none(house: House, answer: bytes) -> None:
    await house.start(upstream_seconds_max=0.5)
    house.upstream.reply(answer)
    told = await house.ask(HEAD)
    assert told.status in (502, 504)
    assert not house.server._gate.tunnels  # type: ignore[union-attr]


async def test_nothing_passes_before_the_upstream_has_agreed(house: House) -> None:
    """Or a caller could send it requests that nobody has decided on."""
    await house.start()
    seen: list[bytes] = []
    agree = asyncio.Event()

    async def play(link: Link) -> None:
        seen.append(await link.head())
        await agree.wait()
        assert not link.reader._buffer  # type: ignore[attr-defined]  # nothing behind it
        link.send(AGREED + b"first")
        seen.append(await link.reader.readexactly(5))
        link.end()

    house.upstream.play = play
    client = await house.client()
    client.send(HEAD)
    client.send(b"early")
    await until(lambda: bool(seen))
    await asyncio.sleep(0.05)
    agree.set()
    answer = await client.answer()
    assert (answer.status, answer.headers["upgrade"]) == (101, "websocket")
    assert "server" not in answer.headers
    assert await client.rest() == b"first"
    assert seen[1] == b"early"


async def test_what_was_early_is_dropped_where_the_upstream_declines(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(HEAD + HEAD.replace(b"chat", b"smuggled"))
    assert (await client.answer()).status == 200
    assert await client.rest() == b""
    assert [one.line for one in house.upstream.requests] == ["GET /chat HTTP/1.1"]


@pytest.mark.parametrize("who", ["caller", "upstream"])
@pytest.mark.parametrize("how", ["end", "abort"])
async def test_who_leaves_takes_the_other_along(house: House, who: str, how: str) -> None:
    await house.start()
    gone = asyncio.Event()
    leave = asyncio.Event()

    async def play(link: Link) -> None:
        await link.head()
        link.send(AGREED)
        if who == "upstream":
            await leave.wait()
            link.send(b"bye")
            getattr(link, how)()
            return
        assert await link.reader.read() in (b"", b"bye")
        gone.set()

    house.upstream.play = play
    client = await house.client()
    client.send(HEAD)
    assert (await client.answer()).status == 101
    if who == "upstream":
        leave.set()
        assert await client.rest() == b"bye"
        await client.close()
    elif how == "end":
        client.send(b"bye")
        await client.close()
    else:
        client.reset()
    if who == "caller":
        async with asyncio.timeout(5):
            await gone.wait()
    await until(lambda: len(house.meter.completed_rows) == 1)
    await until(lambda: not house.server.connections)  # type: ignore[union-attr]


async def test_an_end_can_be_answered(house: House) -> None:
    """A half-closed tunnel goes on in the other direction."""
    await house.start()

    async def play(link: Link) -> None:
        await link.head()
        link.send(AGREED)
        said = await link.reader.read()
        link.send(b"heard " + said)
        link.end()

    house.upstream.play = play
    client = await house.client()
    client.send(HEAD)
    assert (await client.answer()).status == 101
    client.send(b"that")
    client.writer.write_eof()
    assert await client.rest() == b"heard that"


@pytest.mark.parametrize("slow", ["caller", "upstream"])
async def test_the_faster_side_waits_for_the_slower_one(house: House, slow: str) -> None:
    await house.start()
    total = 100_000_000
    sent = 0
    go = asyncio.Event()
    got = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while sent < total:
            writer.write(bytes(100_000))
            sent += 100_000
            await writer.drain()

    async def drink(reader: asyncio.StreamReader) -> None:
        nonlocal got
        await go.wait()
        while got < total:
            got += len(await reader.read(1 << 20))

    async def play(link: Link) -> None:
        await link.head()
        link.send(AGREED)
        if slow == "caller":
            await pour(link.writer)
        else:
            await drink(link.reader)
        await link.reader.read()

    house.upstream.play = play
    client = await house.client()
    client.send(HEAD)
    assert (await client.answer()).status == 101
    if slow == "caller":
        client.pause()
        task = asyncio.create_task(drink(client.reader))
    else:
        task = asyncio.create_task(pour(client.writer))
    last = -1
    while last != sent:
        last = sent
        await asyncio.sleep(0.1)
    assert 0 < sent < total
    go.set()
    client.resume() if slow == "caller" else None
    async with asyncio.timeout(20):
        await task
        await until(lambda: got >= total, 20)


async def test_a_silent_tunnel_is_closed(chatty: House) -> None:
    await chatty.start(idle_seconds_max=0.4)
    async with dial(chatty, ping_interval=None) as connection:
        for _ in range(4):
            await asyncio.sleep(0.2)
            await connection.send("x")
            await connection.recv()
        await ended(connection)
    await until(lambda: not chatty.server.connections)  # type: ignore[union-attr]


async def test_a_tunnel_does_not_hold_up_the_end_of_the_gateway(chatty: House) -> None:
    await chatty.start()
    async with dial(chatty) as connection:
        began = asyncio.get_running_loop().time()
        assert chatty.server is not None
        await chatty.server.drain(20)
        assert asyncio.get_running_loop().time() - began < 10
        await ended(connection)
    assert len(chatty.meter.completed_rows) == 1


async def test_a_tunnel_ends_with_its_key(chatty: House) -> None:
    await chatty.start()
    async with dial(chatty) as connection:
        await connection.send("x")
        await connection.recv()
        del chatty.verifier.keys[KEY]
        await ended(connection)
    assert len(chatty.meter.served_rows) == 1


async def test_a_tunnel_does_not_outlast_what_can_be_known_of_its_key(
    chatty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away for long must not keep a revoked key's tunnel open."""
    monkeypatch.setattr(tunnel, "LOOK_SECONDS", 0.05)
    await chatty.start()
    async with dial(chatty) as connection:
        chatty.verifier.failure = RuntimeError("the store is away")
        seen = len(chatty.verifier.requests)
        await until(lambda: len(chatty.verifier.requests) > seen + 2)
        await connection.send("x")
        assert await connection.recv() == "x"
        await ended(connection)
    assert len(chatty.verifier.requests) > seen + tunnel.DOUBTS_MAX


async def test_a_tunnel_does_not_end_with_its_limit(
    chatty: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been paid for; and to be looked at again is no call, and costs nothing."""
    monkeypatch.setattr(tunnel, "LOOK_SECONDS", 0.05)
    await chatty.start()
    async with dial(chatty, LIMITED) as connection, dial(chatty, LIMITED):
        await until(lambda: chatty.verifier.looks > 4)
        await connection.send("x")
        assert await connection.recv() == "x"
    assert len(chatty.verifier.requests) == chatty.verifier.looks + 2


async def test_requests_do_not_wait_for_a_websocket_to_end(house: House) -> None:
    """However few connections there may be to the upstream."""
    await house.start(upstream_connections_max=1)

    async def play(link: Link) -> None:
        head = await link.head()
        if b"Upgrade" in head:
            link.send(AGREED)
            await link.reader.read()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    house.upstream.play = play
    client = await house.client()
    client.send(HEAD)
    assert (await client.answer()).status == 101
    ordinary = HEAD.replace(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"")
    assert (await house.ask(ordinary)).body == b"ok"
    assert (await house.ask(ordinary)).body == b"ok"

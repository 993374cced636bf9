"""A Keyhouse elsewhere over real HTTP: what its answers and its silence come to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from keyhouse.adapters.remote import AddressError, HttpKeyhouse, checked_address
from keyhouse.core.secret import Secret
from keyhouse.ports import RemoteRefused, StoreUnavailable

KEY = Secret("kh_mk_managermanagermanagermanagerma0Pb0dH")


class Server:
    """Answers every request with the same bytes, and keeps what it was sent."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.seen: list[bytes] = []
        self.silent = asyncio.Event()
        self.url = ""

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            self.seen.append(await reader.readuntil(b"\r\n\r\n"))
            if not self.answer:
                await self.silent.wait()
            writer.write(self.answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answer: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    made = Server(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    made.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        made.silent.set()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[HttpKeyhouse]:
    remote = HttpKeyhouse(url, KEY)
    try:
        yield remote
    finally:
        await remote.close()


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    head = f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


async def test_what_is_answered_is_given() -> None:
    async with serving(http(200, b'{"head":1}')) as server, asking(server.url) as remote:
        assert await remote.get("/.keyhouse/v1/changes?after=1", 5) == {"head": 1}
        assert await remote.post("/.keyhouse/v1/verify", b'{"requests":[]}', 5) == {
            "head": 1
        }
    first, second = server.seen
    assert first.startswith(b"GET /.keyhouse/v1/changes?after=1 HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY.reveal()}".encode() in first
    assert second.startswith(b"POST /.keyhouse/v1/verify HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (http(503, b'{"code":"unavailable"}'), StoreUnavailable, "answered 503"),
        (http(500, b"oh"), StoreUnavailable, "answered 500"),
        (http(429, b"{}"), StoreUnavailable, "answered 429"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
            StoreUnavailable,
            "RemoteProtocolError",
        ),
        (b"nonsense\r\n\r\n", StoreUnavailable, "RemoteProtocolError"),
        (
            http(401, b'{"code":"unknown","detail":"Not valid."}'),
            RemoteRefused,
            "Not valid",
        ),
        (http(404, b"<html>"), RemoteRefused, "no gateway of Keyhouse"),
        (http(200, b"<html>"), RemoteRefused, "no gateway of Keyhouse"),
        (http(302, b"", "Location: http://127.0.0.1:1/"), RemoteRefused, "answered 302"),
    ],
)
async def test_what_is_no_answer_is_told_apart(
    answer: bytes, error: type[Exception], text: str
) -> None:
    """A fault of ours is told at the start; silence only makes verdicts `unavailable`."""
    async with serving(answer) as server, asking(server.url) as remote:
        with pytest.raises(error, match=text) as raised:
            await remote.get("/.keyhouse/v1/changes", 5)
    assert KEY.reveal() not in str(raised.value)
    assert len(server.seen) == 1


async def test_silence_is_bounded_as_a_whole() -> None:
    async with serving(b"") as server, asking(server.url) as remote:
        async with asyncio.timeout(2):
            with pytest.raises(StoreUnavailable, match=r"did not answer in 0\.1 s"):
                await remote.get("/x", 0.1)


async def test_nobody_there() -> None:
    async with serving(b"x") as server:
        url = server.url
    async with asking(url) as remote:
        with pytest.raises(StoreUnavailable):
            await remote.get("/x", 5)


async def test_a_certificate_that_nobody_vouches_for_is_not_believed() -> None:
    """Whoever stands in between must not get the management key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with serving(http(200, b"{}"), context) as server, asking(server.url) as remote:
        with pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await remote.get("/x", 5)
    assert server.seen == []


async def test_what_cannot_be_sent_is_told_without_the_key() -> None:
    async with serving(http(200, b"{}")) as server:
        remote = HttpKeyhouse(server.url, Secret(f"{KEY.reveal()}\n"))
        with pytest.raises(StoreUnavailable, match="LocalProtocolError") as raised:
            await remote.get("/x", 5)
        await remote.close()
    assert KEY.reveal() not in str(raised.value)


async def test_the_key_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with serving(http(200, b"{}")) as server, asking(server.url) as remote:
        await remote.post("/x", b"{}", 5)
        told = repr(remote) + repr(vars(remote))
    assert KEY.reveal() not in told + caplog.text
    assert not [one for one in caplog.records if one.levelname != "DEBUG"]


@pytest.mark.parametrize(
    "url",
    [
        "https://keys.example.com",
        "http://127.0.0.1:8080/",
        "http://[::1]:1",
        "http://localhost",
    ],
)
def test_an_address_that_may_be_used(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert checked_address(f" {url}\n") == url.rstrip("/")
    assert not caplog.records


def test_keys_in_the_clear_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert checked_address("http://keyhouse:8080") == "http://keyhouse:8080"
    assert "unencrypted" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "keys.example.com",
        "ftp://a",
        "https://",
        "https://me:pass@a",
        "https://a/?x=1",
        "https://a#b",
    ],
)
def test_an_address_that_may_not(url: str) -> None:
    with pytest.raises(AddressError) as raised:
        checked_address(url)
    assert "pass" not in str(raised.value).replace("password", "")

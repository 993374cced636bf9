"""Where events may go, and what is believed of an endpoint."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import trustme

from keyhouse.adapters.webhook import HttpWebhookSender, tls_context
from keyhouse.core.webhooks import ANSWER_LENGTH_MAX
from keyhouse.ports import Sent
from tests.servers.receiver import Receiver

HEADERS = {"webhook-id": "evt_1"}
REFUSED = "the address is not one that events are sent to"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening


async def send(
    url: str,
    *,
    private: bool = True,
    seconds_max: float = 5.0,
    tls: ssl.SSLContext | None = None,
) -> Sent:
    made = HttpWebhookSender(tls or tls_context(), seconds_max)
    try:
        return await made.send(url, HEADERS, b"{}", private=private)
    finally:
        await made.close()


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses; the names that were looked up."""
    asked: list[str] = []

    def found(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "fe80::1",
        "fc00::1",
        "::",
    ],
)
async def test_no_connection_is_made_to_what_is_not_of_the_open_internet(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    leads_to(monkeypatch, address)
    answer = await send("https://hooks.example.com/", private=False)
    assert answer == Sent(None, error=REFUSED)


async def test_the_address_that_was_judged_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """A name that leads elsewhere a moment later gains nothing: it is asked once."""
    asked = leads_to(monkeypatch, "127.0.0.1")
    answer = await send(f"http://localhost:{receiver.port}/a")
    assert answer.status == 204
    assert asked == ["localhost"]
    assert receiver.got[0].headers["host"] == f"localhost:{receiver.port}"


async def test_a_name_that_no_resolver_takes_is_told_as_no_connection() -> None:
    answer = await send(f"https://{'a' * 64}.com/secret-token")
    assert answer == Sent(None, error="no connection, or it broke: UnicodeError")


@pytest.mark.parametrize("name", ["xn--fa-hia.example", "xn--zzzzzzzzzz-99999999.com"])
async def test_a_name_is_looked_up_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Read as another script it may be another name, or none at all."""
    asked = leads_to(monkeypatch, "127.0.0.1")
    answer = await send(f"https://{name}/", private=False)
    assert answer == Sent(None, error=REFUSED)
    assert asked == [name]


async def test_a_private_address_beside_a_public_one_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads_to(monkeypatch, "127.0.0.1", "93.184.216.34")
    made = HttpWebhookSender(tls_context())
    tried: list[str] = []

    async def post(named: object, address: str, *_: object) -> Sent:
        tried.append(address)
        return Sent(204)

    monkeypatch.setattr(made, "_post", post)
    await made.send("https://hooks.example.com/", HEADERS, b"", private=False)
    await made.close()
    assert tried == ["93.184.216.34"]


async def test_in_the_clear_only_this_machine_itself_is_spoken_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads_to(monkeypatch, "192.168.1.1")
    assert await send("http://localhost:9/") == Sent(None, error=REFUSED)


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with Receiver().listening() as other:
        receiver.status, receiver.headers = 307, {"Location": other.url}
        answer = await send(receiver.url)
    assert answer.status == 307
    assert other.got == []


async def test_of_an_answer_only_the_beginning_is_kept(receiver: Receiver) -> None:
    receiver.status, receiver.answer = 500, b"\xff\0" + b"a" * 3_000_000
    answer = await send(receiver.url)
    assert answer.status == 500
    assert answer.answer[:3] == "\N{REPLACEMENT CHARACTER}?a"
    assert len(answer.answer) == ANSWER_LENGTH_MAX


@asynccontextmanager
async def dripping() -> AsyncIterator[int]:
    """Sends a byte of its head every now and then, until nobody reads on; its port."""
    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.05)
        except OSError:
            writer.close()
            ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        await ended.wait()
    finally:
        server.close()


async def test_an_endpoint_that_drips_does_not_hold_us_for_ever() -> None:
    """Each byte begins a reader's patience anew; the whole has a bound."""
    async with dripping() as port:
        started = time.monotonic()
        answer = await send(f"http://127.0.0.1:{port}/", seconds_max=0.5)
    assert answer.status is None
    assert time.monotonic() - started < 3


async def test_a_port_that_nobody_listens_on_is_told_as_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    answer = await send(f"http://127.0.0.1:{port}/secret-token")
    assert answer.error == "no connection, or it broke: ConnectError"


@asynccontextmanager
async def encrypted(certificate: trustme.LeafCert) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = trustme.CA()
    trusting = tls_context()
    authority.configure_trust(trusting)
    leads_to(monkeypatch, "127.0.0.1")
    async with encrypted(authority.issue_cert("hooks.example.com")) as port:
        good = await send(f"https://hooks.example.com:{port}/", tls=trusting)
        other = await send(f"https://bank.example.com:{port}/", tls=trusting)
        unknown = await send(f"https://hooks.example.com:{port}/")
    assert good == Sent(200, "ok")
    for refused in (other, unknown):
        assert refused.status is None
        assert refused.error.startswith("its certificate is not valid")


async def test_an_endpoint_may_be_named_by_an_ipv6_address() -> None:
    with Receiver(host="::1").listening() as receiver:
        answer = await send(receiver.url)
    assert answer.status == 204
    assert receiver.got[0].headers["host"] == f"[::1]:{receiver.port}"

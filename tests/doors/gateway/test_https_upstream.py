"""An https upstream: its certificate is checked, by the CAs that the machine trusts."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, api_record
from tests.doors.gateway.wire import Link, RawUpstream

LARGE = 1_000_000
ASK = f"GET /weather/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n".encode()


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The only CA that the gateway trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
async def upstream() -> AsyncIterator[RawUpstream]:
    """Started by the test, with a certificate."""
    raw = RawUpstream()
    yield raw
    await raw.stop()


async def serve(house: House, certificate: trustme.LeafCert) -> None:
    """The API behind https at `localhost`, with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    await house.upstream.start(context)
    url = f"https://localhost:{house.upstream.port}"
    house.verifier.apis["weather"] = api_record("weather", url)
    await house.start()


async def test_one_that_a_trusted_ca_vouches_for_is_called(
    house: House, ca: trustme.CA
) -> None:
    await serve(house, ca.issue_cert("localhost"))
    for _ in range(2):
        told = await house.ask(ASK)
        assert (told.status, told.body) == (200, b"hello")
    assert house.upstream.connections == 1


async def test_one_for_another_name_is_refused(house: House, ca: trustme.CA) -> None:
    """Whoever can answer in an upstream's place must not get the callers' requests."""
    await serve(house, ca.issue_cert("other.invalid"))
    await refused(house)


@pytest.mark.usefixtures("ca")
async def test_one_that_nobody_trusted_vouches_for_is_refused(house: House) -> None:
    await serve(house, trustme.CA().issue_cert("localhost"))
    await refused(house)


async def test_a_websocket_passes_to_it(house: House, ca: trustme.CA) -> None:
    """TLS knows no half of an end: the caller's is the end of both."""
    gone = asyncio.Event()

    async def play(link: Link) -> None:
        await link.head()
        link.send(
            b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst"
        )
        link.send(await link.reader.readexactly(LARGE))
        await link.reader.read()
        gone.set()

    house.upstream.play = play
    await serve(house, ca.issue_cert("localhost"))
    client = await house.client()
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    client.send(ASK[:-2] + upgrade)
    assert (await client.answer()).status == 101
    assert await client.reader.readexactly(5) == b"first"
    client.send(bytes(LARGE))
    assert await client.reader.readexactly(LARGE) == bytes(LARGE)
    client.writer.write_eof()
    assert await client.rest() == b""
    async with asyncio.timeout(5):
        await gone.wait()


async def refused(house: House) -> None:
    told = await house.ask(ASK)
    assert (told.status, json.loads(told.body)["code"]) == (502, "upstream_unreachable")
    assert house.upstream.requests == []
    assert house.meter.completed_rows[0]["status"] == 502

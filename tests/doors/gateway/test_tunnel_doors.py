"""WebSockets where a page asks, where TLS is demanded, and with HTTP Basic."""

import json
from base64 import b64encode

import pytest

from tests.doors.gateway.conftest import House, until
from tests.doors.gateway.doubles import FENCED, KEY, NAMED, NAMED_ID
from tests.doors.gateway.test_tunnel import AGREED
from tests.doors.gateway.wire import Client

SHOP = "https://www.shop.example"
KEY_LINE = f"X-API-Key: {KEY.decode()}"


async def dial(house: House, *headers: str, api: str = "weather") -> tuple[Client, bytes]:
    """Ask for a WebSocket: the connection, and the head of the answer."""
    lines = "".join(f"{line}\r\n" for line in headers)
    client = await house.client()
    client.send(
        f"GET /{api}/chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n".encode()
    )
    return client, await client.reader.readuntil(b"\r\n\r\n")


async def begin(house: House, **settings: object) -> None:
    house.upstream.reply(AGREED)
    await house.start(**settings)


async def passes(house: House, *headers: str, api: str = "weather") -> dict[str, str]:
    """The headers that the upstream got of an upgrade that passed."""
    client, head = await dial(house, *headers, api=api)
    assert head.startswith(b"HTTP/1.1 101 "), head
    await client.close()
    await until(lambda: 101 in [row["status"] for row in house.meter.completed_rows])
    return house.upstream.requests[-1].headers


async def refused(house: House, status: int, *headers: str, api: str = "weather") -> bytes:
    """The head of a refusal, of which the upstream hears nothing."""
    client, head = await dial(house, *headers, api=api)
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"\r\nupgrade:" not in head.lower()
    await client.close()
    assert not house.upstream.requests
    return head


def basic(user: str, password: bytes) -> str:
    return f"Authorization: Basic {b64encode(user.encode() + b':' + password).decode()}"


async def test_http_basic_opens_a_websocket_and_goes_no_further(house: House) -> None:
    await begin(house)
    headers = await passes(house, basic(NAMED_ID, NAMED))
    assert "authorization" not in headers
    assert headers["keyhouse-key-id"] == NAMED_ID


async def test_an_id_of_another_key_opens_none(house: House) -> None:
    await begin(house)
    head = await refused(house, 401, basic(f"{NAMED_ID[:-1]}z", NAMED))
    assert b"www-authenticate: " in head.lower()
    assert house.meter.served_rows[-1]["code"] == "unknown"


async def test_a_basic_that_is_not_ours_is_the_upstreams(house: House) -> None:
    await begin(house)
    own = basic("somebody", b"something")
    headers = await passes(house, KEY_LINE, own)
    assert f"Authorization: {headers['authorization']}" == own


@pytest.mark.parametrize(
    ("line", "secret"), [(KEY_LINE, KEY), (basic(NAMED_ID, NAMED), NAMED)]
)
async def test_where_tls_is_demanded_a_plain_upgrade_is_refused(
    house: House, line: str, secret: bytes
) -> None:
    await begin(house, require_tls=True)
    await refused(house, 403, line)
    assert house.meter.served_rows[-1]["code"] == "tls_required"
    assert house.verifier.exposures == [(secret, "weather")]


async def test_a_trusted_proxy_may_have_ended_the_tls(house: House) -> None:
    await begin(house, require_tls=True, trusted_proxies=("127.0.0.0/8",))
    await refused(house, 403, KEY_LINE, "X-Forwarded-Proto: http")
    headers = await passes(house, KEY_LINE, "X-Forwarded-Proto: https")
    assert headers["x-forwarded-proto"] == "https"


async def test_a_page_may_dial_where_the_api_is_for_pages(house: House) -> None:
    """Browsers ask no CORS of a WebSocket: the upstream is told the origin."""
    await begin(house)
    headers = await passes(house, KEY_LINE, f"Origin: {SHOP}", api="pages")
    assert headers["origin"] == SHOP
    assert house.verifier.requests[-1].origin == SHOP


async def test_a_server_key_in_a_page_dials_nowhere(house: House) -> None:
    await begin(house)
    await refused(house, 403, KEY_LINE, f"Origin: {SHOP}")
    assert house.meter.served_rows[-1]["code"] == "browser_not_allowed"


@pytest.mark.parametrize(("origin", "told"), [(SHOP, True), ("https://a.example", False)])
async def test_a_page_that_may_read_answers_may_read_the_refusal(
    house: House, origin: str, told: bool
) -> None:
    await begin(house)
    line = f"X-API-Key: {FENCED.decode()}"
    head = await refused(house, 403, line, f"Origin: {origin}", api="pages")
    assert (b"access-control-allow-origin: " in head.lower()) is told


async def test_an_upstream_that_does_not_agree_has_its_answer_read_by_the_page(
    house: House,
) -> None:
    await house.start()
    body = json.dumps({"no": 1}).encode()
    head = (
        b"HTTP/1.1 403 No\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: %d\r\n\r\n"
    )
    house.upstream.reply(head % len(body) + body)
    client, told = await dial(house, KEY_LINE, f"Origin: {SHOP}", api="pages")
    assert told.startswith(b"HTTP/1.1 403 ")
    assert told.lower().count(b"access-control-allow-origin: ") == 1
    assert SHOP.encode() in told
    assert await client.reader.readexactly(len(body)) == body

"""Who really asks, where a proxy stands in between."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from keyhouse.doors.front import BehindProxies


async def _whoami(scope: Any, receive: Any, send: Any) -> None:
    client = Request(scope).client
    await PlainTextResponse(client.host if client else "")(scope, receive, send)


async def _seen(
    peer: str, trusted: tuple[str, ...], *told: str, name: str = "X-Forwarded-For"
) -> str:
    app: Any = BehindProxies(_whoami, trusted)
    transport = httpx.ASGITransport(app, client=(peer, 1))
    headers = [(name, one) for one in told]
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return (await client.get("/", headers=headers)).text


PROXIES = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "told", "seen"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7:5000"], "203.0.113.7"),
        ("fd00::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], ""),
        ("10.0.0.1", ["203.0.113.7, nonsense, 10.0.0.2"], ""),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
    ],
)
async def test_a_trusted_proxys_word_is_believed_and_nobody_elses(
    peer: str, told: list[str], seen: str
) -> None:
    assert await _seen(peer, PROXIES, *told) == seen


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (["for=203.0.113.7"], "203.0.113.7"),
        (["for=198.51.100.1, for=203.0.113.7, for=10.0.0.2"], "203.0.113.7"),
        (["for=198.51.100.1", 'for="[2001:db8::7]:443";proto=https'], "2001:db8::7"),
        (["for=_hidden"], ""),
        (['for="'], ""),
    ],
)
async def test_forwarded_is_read_alike(told: list[str], seen: str) -> None:
    assert await _seen("10.0.0.1", PROXIES, *told, name="Forwarded") == seen


async def test_without_proxies_nobody_is_believed() -> None:
    assert await _seen("127.0.0.1", (), "203.0.113.7") == "127.0.0.1"

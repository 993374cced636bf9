"""A guard tells callers of the end of what they hold, as the gateway does."""

import time
from typing import Any

from tests.doors.guard.installation import Installation
from tests.doors.guard.test_asgi import Wire, guarded

DAY_US = 86_400 * 1_000_000


async def dated(_scope: Any, _receive: Any, send: Any) -> None:
    """An application that tells of an end of its own."""
    headers = [(b"Sunset", b"Sat, 01 Jan 2000 00:00:00 GMT"), (b"deprecation", b"@1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def sunsets(wire: Wire) -> list[bytes]:
    return [value for name, value in wire.sent[0]["headers"] if name.lower() == b"sunset"]


async def test_ours_take_the_place_of_the_applications_own(
    installation: Installation,
) -> None:
    ends_us = time.time_ns() // 1000 + DAY_US
    wire = Wire("http", "/a", installation.add_key(ends_at=ends_us))
    async with guarded(installation, dated) as app:
        await wire.through(app)
    (sunset,) = sunsets(wire)
    assert sunset.endswith(b" GMT")
    assert b"2000" not in sunset
    assert wire.headers()["deprecation"] == "@1"


async def test_without_an_end_the_applications_own_go_on(
    installation: Installation,
) -> None:
    wire = Wire("http", "/a", installation.add_key())
    async with guarded(installation, dated) as app:
        await wire.through(app)
    assert sunsets(wire) == [b"Sat, 01 Jan 2000 00:00:00 GMT"]

"""Which of the two apps a path belongs to."""

from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from keyhouse.doors.front import dispatch


async def _asked(path: str) -> str:
    app = dispatch(PlainTextResponse("api"), PlainTextResponse("console"))
    transport: Any = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return (await client.get(path)).text


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/keys",
        "/v1/no/such",
        "/calendar/x.ics",
        "/openapi.json",
        "/ready",
        "/live",
        "/metrics",
    ],
)
async def test_programs_get_the_api(path: str) -> None:
    assert await _asked(path) == "api"


@pytest.mark.parametrize(
    "path", ["/", "/login", "/v1x", "/ready/", "/prj_1/live/keys", "/v2", "/calendar"]
)
async def test_people_get_the_console(path: str) -> None:
    assert await _asked(path) == "console"

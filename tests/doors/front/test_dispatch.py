"""One address: what programs ask goes to the API, what people open to the console."""

import httpx
import pytest
from starlette.responses import PlainTextResponse

from keyhouse.doors.front import dispatch

_APP = dispatch(PlainTextResponse("api"), PlainTextResponse("console"))


async def _asked(path: str) -> str:
    transport = httpx.ASGITransport(_APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://front") as client:
        return (await client.get(path)).text


@pytest.mark.parametrize(
    "path",
    ["/v1/keys", "/v1/", "/v1", "/openapi.json", "/ready", "/live"],
)
async def test_programs_reach_the_api(path: str) -> None:
    assert await _asked(path) == "api"


@pytest.mark.parametrize("path", ["/", "/login", "/v1x", "/V1/keys", "/ready/", "//v1/"])
async def test_people_reach_the_console(path: str) -> None:
    assert await _asked(path) == "console"

"""A program in Node.js calls with a server key, as the console shows it."""

import asyncio
import os
import shutil

import pytest

from keyhouse.doors.console.keys.snippets import Call, snippets
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
async def test_the_consoles_javascript_is_no_browser(house: House) -> None:
    """Its `fetch` sends `Sec-Fetch-Mode`, as browsers do, and nothing else of theirs."""
    await house.start()
    base = f"http://127.0.0.1:{house.port}/weather"
    call = Call("GET", f"{base}/x", "X-API-Key", KEY.decode(), "")
    [text] = [one.text for one in snippets(call, "weather", base) if one.id == "javascript"]
    clean = {
        name: value for name, value in os.environ.items() if "proxy" not in name.lower()
    }
    node = await asyncio.create_subprocess_exec(
        *("node", "--input-type=module", "-e", text),
        stdout=asyncio.subprocess.PIPE,
        env=clean,
    )
    said, _ = await node.communicate()
    assert said == b"200 hello\n"
    assert house.upstream.requests[0].headers["sec-fetch-mode"] == "cors"

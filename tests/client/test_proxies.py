"""By which machine a call goes."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from keyhouse_client import AsyncClient, Client

if TYPE_CHECKING:
    from tests.client.conftest import Desk

KEY = {"id": "key_1", "name": "mine"}
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _environment(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("KEYHOUSE_URL", desk.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_what_goes_to_this_machine_goes_by_no_proxy(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    """It would read the management key."""
    monkeypatch.setenv(variable, NOBODY)
    monkeypatch.setenv("KEYHOUSE_URL", desk.url.replace("127.0.0.1", host))
    desk.say(200, KEY)
    with Client.from_env() as client:
        assert client.keys.get("key_1")["id"] == "key_1"
    desk.say(200, KEY)
    assert asyncio.run(found_by_the_other_client()) == KEY


async def found_by_the_other_client() -> object:
    async with AsyncClient.from_env() as client:
        return await client.keys.get("key_1")


def test_what_goes_elsewhere_goes_as_the_environment_says(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", desk.url)
    monkeypatch.setenv("KEYHOUSE_URL", "http://keys.example")
    desk.say(200, KEY)
    with Client.from_env() as client:
        client.keys.get("key_1")
    assert desk.asked[0].path == "http://keys.example/v1/keys/key_1"

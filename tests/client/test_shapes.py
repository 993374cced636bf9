"""What the client promises of its answers, to whoever checks types."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_type, get_type_hints

import pytest

from client.generate.__main__ import made
from keyhouse_client import AsyncClient, Client, Page, shapes

if TYPE_CHECKING:
    from tests.client.conftest import Desk


@pytest.fixture
def client(desk: "Desk") -> Iterator[Client]:
    with Client(desk.url, "kh_mk_x") as made:
        yield made


def test_the_types_are_those_of_the_document() -> None:
    """Else an editor offers fields that no answer has."""
    for path, text in made().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make client-shapes`"


def test_every_answer_of_the_client_has_a_shape(desk: "Desk", client: Client) -> None:
    """mypy reads this test: it fails where a type is another."""
    key = {"id": "key_1", "secret": "kh_sk_x"}
    desk.say(201, key)
    desk.say(200, {"data": [key], "next_cursor": None})
    desk.say(200, {"data": [], "next_cursor": None})
    desk.say(204)
    created = assert_type(client.keys.create("a", [], kind="server"), shapes.KeyCreated)
    page = assert_type(client.keys.list(state="active", limit=5), Page[shapes.Key])
    routes = assert_type(client.apis.routes("a").each(), Iterator[shapes.Route])
    assert (created["id"], page.data[0]["id"], list(routes)) == ("key_1", "key_1", [])
    client.keys.delete("key_1")


async def test_the_async_client_has_the_same(desk: "Desk") -> None:
    desk.say(200, {"id": "aud_1"})
    desk.say(200, {"data": [{"id": "key_1"}], "next_cursor": None})
    desk.say(200, {"id": "key_1"})
    async with AsyncClient(desk.url, "kh_mk_x") as client:
        async for row in client.audit.export():
            assert assert_type(row, shapes.Audit)["id"] == "aud_1"
        page = assert_type(await client.keys.list(), Page[shapes.Key])
        key = assert_type(await client.keys.get("key_1"), shapes.Key)
    assert page.data[0]["id"] == key["id"]


def test_a_shape_can_be_looked_into() -> None:
    """For those who check answers as they come, by their types."""
    hints = get_type_hints(shapes.Key)
    assert hints["id"] is str
    assert shapes.Key.__required_keys__ == set(hints)

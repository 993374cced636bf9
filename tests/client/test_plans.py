"""Plans and subscriptions by the client."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from keyhouse_client import Client

if TYPE_CHECKING:
    from tests.client.conftest import Desk


@pytest.fixture
def client(desk: "Desk") -> Iterator[Client]:
    with Client(desk.url, "kh_mk_0123456789abcdefghijABCDEFGHIJ000000") as made:
        yield made


def test_a_plan_is_made_and_its_versions_are_read(desk: "Desk", client: Client) -> None:
    desk.say(201, {"id": "pln_1"})
    desk.say(200, {"data": [{"number": 1}], "next_cursor": None})
    client.plans.create(slug="basic", access=[{"api": "weather"}])
    versions = client.plans.versions("pln_1").list().data
    assert [one["number"] for one in versions] == [1]
    made, read = desk.asked
    assert (made.path, made.body["slug"]) == ("/v1/plans", "basic")
    assert read.path == "/v1/plans/pln_1/versions"


def test_an_application_subscribes_once(desk: "Desk", client: Client) -> None:
    desk.say(201, {"id": "sub_1"})
    client.subscriptions.create("pln_1", "app_1")
    (asked,) = desk.asked
    assert asked.body == {"plan": "pln_1", "application": "app_1"}
    assert asked.headers["Idempotency-Key"], "a repeat must not subscribe again"


@pytest.mark.parametrize("verb", ["approve", "suspend", "resume", "end"])
def test_what_becomes_of_a_subscription(desk: "Desk", client: Client, verb: str) -> None:
    desk.say(200, {"id": "sub_1"})
    getattr(client.subscriptions, verb)("sub_1")
    (asked,) = desk.asked
    assert (asked.method, asked.path) == ("POST", f"/v1/subscriptions/sub_1/{verb}")


def test_a_subscription_is_moved(desk: "Desk", client: Client) -> None:
    desk.say(200, {"id": "sub_1"})
    client.subscriptions.move("sub_1", "pln_2", applies="next_window")
    (asked,) = desk.asked
    assert asked.path == "/v1/subscriptions/sub_1/move"
    assert asked.body == {"plan": "pln_2", "applies": "next_window"}

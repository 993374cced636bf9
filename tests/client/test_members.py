"""Members and invitations by the client."""

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


def test_somebody_is_invited_once(desk: "Desk", client: Client) -> None:
    desk.say(201, {"id": "inv_1", "state": "open"})
    assert client.invitations.create("ada@example.com", "developer")["state"] == "open"
    (asked,) = desk.asked
    assert (asked.method, asked.path) == ("POST", "/v1/invitations")
    assert asked.body == {"email": "ada@example.com", "role": "developer"}
    assert asked.headers["Idempotency-Key"], "a repeat must not mail again"


def test_a_members_role_is_changed_and_the_membership_ended(
    desk: "Desk", client: Client
) -> None:
    desk.say(200, {"id": "usr_1", "role": "viewer"})
    desk.say(204)
    client.members.update("usr_1", role="viewer")
    client.members.delete("usr_1")
    assert [(one.method, one.path) for one in desk.asked] == [
        ("PATCH", "/v1/members/usr_1"),
        ("DELETE", "/v1/members/usr_1"),
    ]


def test_an_invitation_is_read_and_withdrawn(desk: "Desk", client: Client) -> None:
    desk.say(200, {"id": "inv_1"})
    desk.say(204)
    assert client.invitations.get("inv_1") == {"id": "inv_1"}
    client.invitations.delete("inv_1")
    assert [one.method for one in desk.asked] == ["GET", "DELETE"]

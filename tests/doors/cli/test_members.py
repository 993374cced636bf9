import json

import pytest

from .conftest import Run, Server

_INVITATION = {
    "id": "inv_1",
    "email": "ada@example.com",
    "role": "developer",
    "state": "open",
    "ends_at": "2030-01-08T00:00:00Z",
}


def test_members_are_listed_with_their_roles(run: Run, server: Server) -> None:
    row = {"id": "usr_1", "email": "ada@example.com", "name": "Ada", "role": "viewer"}
    server.answer("GET", "/v1/members", 200, {"data": [row], "next_cursor": None})
    table = run("members", "list").stdout
    assert all(value in table for value in row.values())


def test_a_role_is_changed(run: Run, server: Server) -> None:
    server.answer("PATCH", "/v1/members/usr_1", 200, {"id": "usr_1", "role": "admin"})
    assert run("members", "update", "usr_1", "--role", "admin").exit_code == 0
    assert server.asked[0].body == {"role": "admin"}


@pytest.mark.parametrize("noun", ["members", "invitations"])
def test_each_is_deleted(run: Run, server: Server, noun: str) -> None:
    server.answer("DELETE", f"/v1/{noun}/id_1", 204, None)
    assert run(noun, "delete", "id_1").stdout == "id_1 is deleted\n"


def test_an_invitation_tells_until_when_its_link_works(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/invitations", 201, _INVITATION)
    told = run("members", "invite", "ada@example.com").stdout
    assert server.asked[0].body == {"email": "ada@example.com", "role": "developer"}
    assert told == "ada@example.com is invited as developer until 2030-01-08T00:00:00Z\n"


def test_invitations_are_listed_and_shown(run: Run, server: Server) -> None:
    page = {"data": [_INVITATION], "next_cursor": None}
    server.answer("GET", "/v1/invitations", 200, page)
    server.answer("GET", "/v1/invitations/inv_1", 200, _INVITATION)
    assert "open" in run("invitations", "list").stdout
    shown = run("invitations", "show", "inv_1", "--json").stdout
    assert json.loads(shown) == _INVITATION

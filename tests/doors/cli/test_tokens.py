"""`keyhouse tokens`, `keyhouse usage users` and what the keyring signs with."""

import json

import pytest

from tests.doors.cli.conftest import Installation, Run, Server

REVOKED = {
    "application": "app_1",
    "kind": "user",
    "value": "alice",
    "before": "2030-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (("--user", "alice"), {"user": "alice"}),
        (("--session", "s-1"), {"session": "s-1"}),
        (("--token", "tok_1"), {"token": "tok_1"}),
        (("--key", "key_1"), {"key": "key_1"}),
        (("--all",), {"all": True}),
    ],
)
def test_tokens_are_revoked(
    run: Run, server: Server, options: tuple[str, ...], body: dict[str, object]
) -> None:
    server.answer("POST", "/v1/tokens/revoke", 200, REVOKED)
    told = run("tokens", "revoke", "app_1", *options, "--json").stdout
    assert json.loads(told) == REVOKED
    assert server.asked[-1].body == {"application": "app_1", **body}
    words = run("tokens", "revoke", "app_1", *options).stdout
    assert words == "Revoked: user alice, issued before 2030-01-01T00:00:00Z.\n"


def test_users_are_shown_by_how_much_they_call(run: Run, server: Server) -> None:
    row = {
        "api": "api_1",
        "application": "app_1",
        "user": "alice",
        "verdict": "valid",
        "requests": 7,
        "first_seen": "2030-01-01T02:14:09Z",
        "last_seen": "2030-01-01T02:31:40Z",
    }
    server.answer("GET", "/v1/usage/users", 200, {"data": [row], "next_cursor": None})
    assert json.loads(run("usage", "users", "--json").stdout) == [row]
    assert "alice" in run("usage", "users", "--api", "weather").stdout
    assert server.asked[-1].path == "/v1/usage/users?api=weather"


def test_an_api_is_given_what_its_users_get(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/apis", 201, {"id": "api_1"})
    line = ("apis", "create", "notes", "--token-seconds-max", "600")
    run(*line, "--user-rate", "minute=60/60", "--user-quota", "daily=9/day")
    body = server.asked[-1].body
    assert body["token_seconds_max"] == 600
    assert [one["name"] for one in body["user_limits"]] == ["minute", "daily"]
    server.answer("PATCH", "/v1/apis/notes", 200, {"id": "api_1"})
    run("apis", "update", "notes", "--no-user-limits")
    assert server.asked[-1].body == {"user_limits": []}


def test_signing_keys_come_and_go(run: Run, here: Installation) -> None:
    told = run("keyring", "new-signing-key", "--algorithm", "ES256", "--json").stdout
    assert json.loads(told) == {"id": "sign_1"}
    run("keyring", "new-signing-key")
    assert run("keyring", "retire-signing-key", "sign_0").exit_code == 0
    assert here.called[-3:] == [
        "new-signing-key ES256",
        "new-signing-key EdDSA",
        "drop-signing-key sign_0",
    ]

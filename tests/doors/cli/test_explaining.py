"""Every reason for a refusal, by the command line."""

import json
from typing import Any

import pytest

from .conftest import Run, Server

_TOLD: dict[str, Any] = {
    "outcome": "refused",
    "verdict": "ip_not_allowed",
    "key": "key_1",
    "checks": [
        {
            "check": "revoked",
            "outcome": "passed",
            "verdict": None,
            "found": "The key is not revoked.",
            "facts": {},
            "mend": None,
            "place": None,
        },
        {
            "check": "network",
            "outcome": "refused",
            "verdict": "ip_not_allowed",
            "found": "It came from 198.51.100.7; allowed are 203.0.113.0/24.",
            "facts": {"address": "198.51.100.7"},
            "mend": "Add its network to the key.",
            "place": "key.restrictions",
        },
    ],
    "logged": None,
    "not_kept": [],
}
_THEN = {"request_id": "req_1", "at": "2030-01-01T00:00:00Z", "verdict": "scope_missing"}
_LOGGED = {**_TOLD, "logged": _THEN, "not_kept": ["referrer", "scopes"]}


def test_the_checks_are_a_table_with_what_to_do_below(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/keys/key_1/explain", 200, _TOLD)
    asked = ("--address", "198.51.100.7", "--scope", "a:b", "--cost", "0")
    result = run("keys", "explain", "key_1", *asked)
    assert result.exit_code == 0
    table, _, rest = result.stdout.partition("\n\n")
    assert "The key is not revoked." in table
    assert "ip_not_allowed" in table
    assert rest.splitlines()[0] == "network: Add its network to the key."
    assert rest.splitlines()[-1] == "Now: would be refused (ip_not_allowed)"
    body = {"address": "198.51.100.7", "scopes": ["a:b"], "cost": 0}
    assert server.asked[0].body == body


def test_a_request_is_explained_by_its_id_alone(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/requests/req_1/explain", 200, _LOGGED)
    lines = run("keys", "explain", "req_1").stdout.splitlines()
    assert "Then, at 2030-01-01T00:00:00Z: scope_missing" in lines
    assert "Not in the log: referrer, scopes" in lines
    result = run("keys", "explain", "req_1", "--secret-version", "1")
    assert result.exit_code == 2
    assert "--secret-version" in result.stderr
    assert len(server.asked) == 1


@pytest.mark.parametrize("id", ["key_1", "req_1"])
def test_json_is_the_answer_as_it_came(run: Run, server: Server, id: str) -> None:
    server.answer("POST", "/v1/keys/key_1/explain", 200, _TOLD)
    server.answer("POST", "/v1/requests/req_1/explain", 200, _LOGGED)
    told = json.loads(run("keys", "explain", id, "--json").stdout)
    assert told == (_TOLD if id == "key_1" else _LOGGED)


def test_what_nobody_can_tell_is_told_so(run: Run, server: Server) -> None:
    untold = {**_TOLD, "outcome": "cannot_tell", "verdict": None}
    server.answer("POST", "/v1/keys/key_1/explain", 200, untold)
    last = run("keys", "explain", "key_1").stdout.splitlines()[-1]
    assert last == "Now: cannot tell: it hangs on what is not told"


def test_a_users_token_is_told_by_options_or_by_its_claims(
    run: Run, server: Server
) -> None:
    server.answer("POST", "/v1/keys/key_1/explain", 200, _TOLD)
    options = ("--user", "alice", "--session", "s-1", "--token-id", "tok_1")
    assert run("keys", "explain", "key_1", *options).exit_code == 0
    token = {"sub": "alice", "sid": "s-1", "jti": "tok_1"}
    assert server.asked[0].body == {"token": token}
    claims = ("--claims", json.dumps({"sub": "bob", "exp": 1}))
    assert run("keys", "explain", "key_1", *claims).exit_code == 0
    assert server.asked[1].body == {"token": {"sub": "bob", "exp": 1}}
    for text in ("eyJ0eXAi.e30.x", "[]", "1"):
        wrong = run("keys", "explain", "key_1", "--claims", text)
        assert wrong.exit_code == 2
        assert "--claims is no JSON object" in wrong.stderr
        assert "eyJ0" not in wrong.stderr
    assert run("keys", "explain", "req_1", "--user", "alice").exit_code == 2

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from .conftest import KEY_SECRET, MANAGEMENT_SECRET, Entries, Installation, Run, Server

_KEY: dict[str, Any] = {
    "id": "key_1",
    "name": "planner",
    "state": "active",
    "hint": "…Lq17",
}


def _words(result: Result) -> str:
    return result.stderr.strip()


def test_commands_speak_with_the_management_key(run: Run, server: Server) -> None:
    server.answer("GET", "/v1/projects", 200, {"data": [], "next_cursor": None})
    assert run("projects", "list").exit_code == 0
    assert server.asked[0].authorization == f"Bearer {MANAGEMENT_SECRET}"


def test_a_list_is_a_table_with_whole_ids_or_json(run: Run, server: Server) -> None:
    id = "prj_" + "0" * 22
    row = {"id": id, "name": "weather", "disabled_at": None}
    server.answer("GET", "/v1/projects", 200, {"data": [row], "next_cursor": None})
    table = run("projects", "list").stdout
    assert id in table
    assert "weather" in table
    assert json.loads(run("projects", "list", "--json").stdout) == [row]


@pytest.mark.parametrize("noun", ["orgs", "projects", "apis", "customers", "apps", "keys"])
def test_each_noun_shows_one(run: Run, server: Server, noun: str) -> None:
    path = {"orgs": "organizations", "apps": "applications"}.get(noun, noun)
    server.answer("GET", f"/v1/{path}/id_1", 200, {"id": "id_1"})
    assert json.loads(run(noun, "show", "id_1", "--json").stdout) == {"id": "id_1"}


def test_a_route_is_named_with_its_api(run: Run, server: Server) -> None:
    at, route = "/v1/apis/weather/routes", {"id": "rte_1", "position": 20, "path": "/a"}
    first = {"id": "rte_2", "position": 10, "path": "/b"}
    server.answer("GET", at, 200, {"data": [route, first], "next_cursor": None})
    server.answer("POST", at, 201, route)
    server.answer("PATCH", f"{at}/rte_1", 200, route)
    server.answer("GET", f"{at}/rte_1", 200, route)
    server.answer("DELETE", f"{at}/rte_1", 204, None)
    listed = run("routes", "list", "weather", "--json").stdout
    assert json.loads(listed) == [first, route]
    more = ["--scope", "a:read", "--cost", "2", "--cost-from", "upstream"]
    assert run("routes", "create", "weather", "GET", "/a", *more).exit_code == 0
    assert server.asked[-1].body == {
        "method": "GET",
        "path": "/a",
        "scopes": ["a:read"],
        "cost": 2,
        "cost_from": "upstream",
    }
    assert run("routes", "update", "weather", "rte_1", "--no-scopes").exit_code == 0
    assert server.asked[-1].body == {"scopes": []}
    shown = run("routes", "show", "weather", "rte_1", "--json").stdout
    assert json.loads(shown) == route
    assert "rte_1 is deleted" in run("routes", "delete", "weather", "rte_1").stdout
    assert run("routes", "update", "weather", "rte_1").exit_code == 2


def test_an_api_is_created_with_upstreams_and_limits(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/apis", 201, {"id": "api_1", "slug": "weather"})
    line = "apis create weather --upstream test=http://t --upstream live=http://l"
    limits = ["--rate", "fast=60/60:90", "--quota", "daily=1000/day@Europe/Berlin"]
    assert run(*line.split(), *limits).exit_code == 0
    assert server.asked[0].body == {
        "slug": "weather",
        "upstreams": {"test": "http://t", "live": "http://l"},
        "limits": [
            {"name": "fast", "rate": 60, "period_seconds": 60, "burst": 90},
            {"name": "daily", "quota": 1000, "window": "day", "zone": "Europe/Berlin"},
        ],
    }


def test_a_new_secret_is_printed_once_and_alone_on_stdout(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/keys", 201, {**_KEY, "secret": KEY_SECRET})
    opens = ("--api", "weather:read,write")
    result = run("keys", "create", "planner", *opens, "--show-secret")
    assert result.stdout == KEY_SECRET + "\n"
    assert server.asked[0].body == {
        "name": "planner",
        "access": [{"api": "weather", "scopes": ["read", "write"]}],
    }


def test_a_secret_written_to_a_file_is_for_its_owner_and_not_on_the_screen(
    run: Run, server: Server, tmp_path: Path
) -> None:
    server.answer("POST", "/v1/keys", 201, {**_KEY, "secret": KEY_SECRET})
    out = tmp_path / "planner.key"
    result = run(
        "keys", "create", "planner", "--api", "weather", "--out", str(out), "--json"
    )
    assert KEY_SECRET not in result.output
    assert out.read_text() == KEY_SECRET + "\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_restrictions_of_a_key_are_sent_as_the_api_has_them(
    run: Run, server: Server
) -> None:
    server.answer("PATCH", "/v1/keys/key_1", 200, _KEY)
    line = "keys update key_1 --network 203.0.113.0/24 --network-denied 203.0.113.9/32"
    assert run(*line.split()).exit_code == 0
    assert server.asked[0].body == {
        "restrictions": {
            "networks_allowed": ["203.0.113.0/24"],
            "networks_denied": ["203.0.113.9/32"],
        }
    }


@pytest.mark.parametrize("verb", ["enable", "disable", "revoke", "restore"])
def test_a_key_is_switched(run: Run, server: Server, verb: str) -> None:
    server.answer("POST", f"/v1/keys/key_1/{verb}", 200, {**_KEY, "state": "changed"})
    assert run("keys", verb, "key_1").stdout == "key_1 is changed\n"


def test_delete_tells_what_is_gone(run: Run, server: Server) -> None:
    server.answer("DELETE", "/v1/apps/app_1", 204, None)
    server.answer("DELETE", "/v1/applications/app_1", 204, None)
    result = run("apps", "delete", "app_1", "--json")
    assert json.loads(result.stdout) == {"id": "app_1", "deleted": True}


def test_a_refusal_names_each_field_its_reason_and_the_remedy(
    run: Run, server: Server
) -> None:
    problem = {
        "title": "Not valid",
        "status": 422,
        "code": "invalid",
        "request_id": "req_1",
        "errors": [{"field": "slug", "reason": "is taken", "mend": "choose another"}],
    }
    server.answer("POST", "/v1/apis", 422, problem)
    result = run("apis", "create", "weather")
    assert result.exit_code == 1
    assert "slug: is taken. choose another." in _words(result)
    assert "req_1" in _words(result)


def test_nobody_there_is_exit_code_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", "http://127.0.0.1:9")
    result = run("keys", "list")
    assert result.exit_code == 3
    assert _words(result).startswith("Not reachable: GET http://127.0.0.1:9/v1/keys: ")
    assert _words(result).endswith("The address comes from KEYHOUSE_URL.")
    told = json.loads(run("keys", "list", "--json").stderr)
    assert told["notes"] == ["The address comes from KEYHOUSE_URL."]


def test_nobody_at_the_address_of_the_folder_tells_how_to_write_it_anew(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keyhouse may have moved to another port since."""
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    monkeypatch.setenv("KEYHOUSE_URL", " ")
    here.data_dir.mkdir()
    kept = {"management_url": "http://127.0.0.1:9", "api_key": "kh_mk_x"}
    (here.data_dir / "cli.json").write_text(json.dumps(kept))
    told = _words(run("--data-dir", "a b", "keys", "list"))
    source = f"The address comes from {here.data_dir}/cli.json; "
    assert f"{source}keyhouse bootstrap --data-dir 'a b' writes it anew." in told
    here.management_url = "http://127.0.0.1:9"
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_x")
    assert "KEYHOUSE_URL names another." in _words(run("keys", "list"))


@pytest.mark.parametrize("wrong", ["http://localhost:80OO", "localhost:8000"])
def test_an_address_that_is_none_is_wrong_use(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", wrong)
    result = run("keys", "list", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    mend = f"{wrong} is no address; write http://host:port"
    assert json.loads(result.stderr)["detail"] == f"KEYHOUSE_URL: {mend}"
    monkeypatch.delenv("KEYHOUSE_URL")
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    here.data_dir.mkdir()
    file = here.data_dir / "cli.json"
    file.write_text(json.dumps({"management_url": wrong, "api_key": "kh_mk_x"}))
    assert _words(run("keys", "list")) == f"{file}: {mend}"


def test_the_address_of_a_gateway_is_told_as_that(run: Run, server: Server) -> None:
    problem = {"title": "No such API", "status": 404, "code": "api_not_found"}
    server.answer("GET", "/v1/keys", 404, problem)
    result = run("keys", "list")
    assert result.exit_code == 2
    assert _words(result).startswith(f"GET {server.url}/v1/keys: is a gateway")
    assert "The address comes from KEYHOUSE_URL." in _words(result)


def test_without_a_management_key_it_says_where_to_put_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    result = run("keys", "list")
    assert result.exit_code == 2
    assert "KEYHOUSE_API_KEY" in _words(result)
    assert _words(result).endswith(": keyhouse bootstrap")


def test_the_command_that_makes_a_management_key_makes_it_in_the_same_place(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would make another installation, with keys of its own."""
    monkeypatch.delenv("KEYHOUSE_API_KEY")
    url = "data.database_url=postgresql://ada:hush@db/kh"
    options = ("--config", "k.toml", "--data-dir", "a b", "--set", url)
    told = _words(run(*options, "keys", "list"))
    same = "--config k.toml --set 'data.database_url=…' --data-dir 'a b'"
    assert told.endswith(f": keyhouse bootstrap {same}")
    assert "hush" not in told


def test_another_server_is_wrong_use_and_no_empty_list(run: Run, server: Server) -> None:
    server.answer("GET", "/v1/keys", 200, ["hello"])
    result = run("keys", "list")
    assert result.exit_code == 2
    assert "look at the address" in _words(result)


def test_a_management_key_that_is_none_is_wrong_use_and_not_shown(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret\nexport A=1")
    result = run("keys", "list")
    assert result.exit_code == 2
    assert "visible ASCII" in _words(result)
    assert "kh_mk_secret" not in result.output
    assert not server.asked


def test_credits_are_added_taken_and_listed(run: Run, server: Server) -> None:
    at = "/v1/customers/cus_1"
    entry = {"id": "crd_1", "amount": 5, "kind": "purchase"}
    server.answer("POST", f"{at}/credits", 201, entry)
    server.answer("GET", f"{at}/credits", 200, {"data": [entry], "next_cursor": None})
    server.answer("GET", f"{at}/balance", 200, {"left": 5})
    assert run("customers", "credit", "cus_1", "5", "--note", "17").exit_code == 0
    assert server.asked[-1].body == {"amount": 5, "kind": "purchase", "note": "17"}
    taken = ["--kind", "refund", "--take"]
    assert run("customers", "credit", "cus_1", "5", *taken).exit_code == 0
    assert server.asked[-1].body == {"amount": -5, "kind": "refund", "note": ""}
    assert run("customers", "credit", "cus_1", "0").exit_code == 2
    assert json.loads(run("customers", "credits", "cus_1", "--json").stdout) == [entry]
    assert json.loads(run("customers", "balance", "cus_1", "--json").stdout) == {"left": 5}


def test_limits_are_said_of_all_that_can_have_some(run: Run, server: Server) -> None:
    rate = {"name": "m", "rate": 60, "period_seconds": 60}
    quota = {"name": "d", "quota": 9, "window": "day", "zone": "UTC"}
    said = ["--rate", "m=60/60", "--quota", "d=9/day"]
    lines = {
        "orgs update org_1": ("PATCH", "/v1/organizations/org_1"),
        "customers create crm-1": ("POST", "/v1/customers"),
        "customers update cus_1": ("PATCH", "/v1/customers/cus_1"),
        "apps create Planner --customer crm-1": ("POST", "/v1/applications"),
        "apps update app_1": ("PATCH", "/v1/applications/app_1"),
        "routes create weather GET /a": ("POST", "/v1/apis/weather/routes"),
        "routes update weather rte_1": ("PATCH", "/v1/apis/weather/routes/rte_1"),
    }
    for line, (method, path) in lines.items():
        server.answer(method, path, 200, {"id": "x"})
        assert run(*line.split(), *said).exit_code == 0, line
        assert server.asked[-1].body["limits"] == [rate, quota], line
        if "--customer" in line:
            assert server.asked[-1].body["customer"] == "crm-1"
        if line.startswith("customers create"):
            assert server.asked[-1].body["external_id"] == "crm-1"


@pytest.mark.parametrize(
    "line",
    [
        "apis create weather --rate fast",
        "apis create weather --quota daily=10/year",
        "apis create weather --upstream localhost",
        "projects update prj_1",
        "--set nonsense keys list",
        "--set gateway.listen=nonsense keys list",
    ],
)
def test_wrong_use_is_exit_code_2_and_asks_nobody(
    run: Run, server: Server, line: str
) -> None:
    result = run(*line.split())
    assert result.exit_code == 2
    assert _words(result)
    assert server.asked == []


def test_reports_pass_on_what_is_asked(run: Run, server: Server) -> None:
    row = {
        "start": "2030-01-01T00:00:00Z",
        "verdict": "valid",
        "requests": 3,
        "key": "key_1",
    }
    for name in ("usage", "requests", "alerts", "audit"):
        server.answer("GET", f"/v1/{name}", 200, {"data": [row], "next_cursor": None})
        assert json.loads(run(name, "--json").stdout) == [row]
    table = run(
        "usage", "--step", "hour", "--group-by", "key", "--since", "2030-01-01"
    ).stdout
    assert "key_1" in table
    assert server.asked[-1].path == "/v1/usage?since=2030-01-01&step=hour&group_by=key"


def test_networks_that_tried_unknown_keys_are_shown(run: Run, server: Server) -> None:
    row = {
        "api": "api_1",
        "network": "203.0.113.0/24",
        "verdict": "unknown",
        "requests": 412,
        "first_seen": "2030-01-01T02:14:09Z",
        "last_seen": "2030-01-01T02:31:40Z",
    }
    answer = {"data": [row], "next_cursor": None}
    server.answer("GET", "/v1/usage/unknown-keys", 200, answer)
    assert json.loads(run("usage", "unknown-keys", "--json").stdout) == [row]
    line = ("usage", "unknown-keys", "--api", "weather", "--since", "2030-01-01")
    table = run(*line).stdout
    assert "203.0.113.0/24" in table
    assert "412" in table
    asked = server.asked[-1].path
    assert asked == "/v1/usage/unknown-keys?since=2030-01-01&api=weather"
    assert len(server.asked) == 2


def test_verify_asks_the_gateway_and_keeps_the_secret_off_the_line(
    run: Run, server: Server
) -> None:
    answer = {"allowed": False, "code": "unknown"}
    server.answer("POST", "/.keyhouse/v1/verify", 200, answer)
    line = ["verify", "--api", "weather", "--method", "GET", "--scope", "read", "--json"]
    result = run(*line, stdin=KEY_SECRET + "\n")
    assert json.loads(result.stdout) == answer
    assert result.exit_code == 1
    sent = {"secret": KEY_SECRET, "api": "weather", "method": "GET", "scopes": ["read"]}
    assert server.asked[0].body == sent


def test_verify_sends_no_key_here_whose_management_api_may_be_elsewhere(
    run: Run, server: Server, entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KEYHOUSE_URL may be far away, and who listens here is another."""
    monkeypatch.setenv("KEYHOUSE_URL", server.url)
    entries.gateway_set_by = "defaults"
    server.answer("POST", "/.keyhouse/v1/verify", 200, {"allowed": True})
    line = ["verify", "--api", "weather"]
    result = run(*line, "--json", stdin=KEY_SECRET)
    assert (result.exit_code, result.stdout, server.asked) == (2, "", [])
    assert "--gateway http://host:port" in json.loads(result.stderr)["detail"]
    monkeypatch.delenv("KEYHOUSE_URL")
    assert run(*line, stdin=KEY_SECRET).exit_code == 0
    assert server.asked[-1].authorization == f"Bearer {MANAGEMENT_SECRET}"


def test_verify_asks_the_gateway_that_is_named(
    run: Run, server: Server, entries: Entries
) -> None:
    entries.gateway_set_by = "defaults"
    entries.here.gateway_url = "http://127.0.0.1:9"
    server.answer("POST", "/.keyhouse/v1/verify", 200, {"allowed": True})
    line = ["verify", "--api", "weather", "--gateway"]
    assert run(*line, f"{server.url}/", stdin=KEY_SECRET).exit_code == 0
    assert server.asked[0].authorization == f"Bearer {MANAGEMENT_SECRET}"
    wrong = run(*line, "localhost:8080", stdin=KEY_SECRET)
    assert wrong.exit_code == 2
    assert "--gateway: localhost:8080 is no address" in _words(wrong)


def test_verify_tells_another_server_from_a_gateway(run: Run, server: Server) -> None:
    server.answer("POST", "/.keyhouse/v1/verify", 200, ["hello"])
    result = run("verify", "--api", "weather", stdin=KEY_SECRET)
    assert result.exit_code == 3
    assert f"the gateway at {server.url}" in _words(result)


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("projects update id_1 --disable", {"disabled": True}),
        ("apps update id_1 --enable", {"disabled": False}),
        ("apis update id_1 --no-limits", {"limits": []}),
        ("apps update id_1 --no-limits", {"limits": []}),
        ("apps update id_1 --no-customer", {"customer": None}),
        ("customers update id_1 --no-limits", {"limits": []}),
        ("customers update id_1 --disable", {"disabled": True}),
        ("customers update id_1 --not-prepaid", {"prepaid": False}),
        ("orgs update id_1 --no-limits", {"limits": []}),
        ("apis update id_1 --no-cors", {"cors_origins": []}),
        (
            "apis update id_1 --cors-origin https://a.example --browser-keys flag",
            {"cors_origins": ["https://a.example"], "browser_keys": "flag"},
        ),
        ("keys update id_1 --no-limits", {"limits": []}),
        ("keys update id_1 --no-restrictions", {"restrictions": {}}),
        ("keys update id_1 --app ios:a.b", {"restrictions": {"apps": ["ios:a.b"]}}),
        ("keys update id_1 --api a:r", {"access": [{"api": "a", "scopes": ["r"]}]}),
    ],
)
def test_what_was_given_can_be_taken_away(
    run: Run, server: Server, line: str, sent: object
) -> None:
    named = {"apps": "applications", "orgs": "organizations"}
    given = line.split(maxsplit=1)[0]
    noun = named.get(given, given)
    server.answer("PATCH", f"/v1/{noun}/id_1", 200, {"id": "id_1"})
    assert run(*line.split()).exit_code == 0
    assert server.asked[0].body == sent


def test_roles_are_written_with_the_api_and_with_the_key(run: Run, server: Server) -> None:
    server.answer("POST", "/v1/apis", 201, {"id": "api_1"})
    server.answer("PATCH", "/v1/apis/weather", 200, {"id": "api_1"})
    server.answer("POST", "/v1/keys", 201, {**_KEY, "secret": KEY_SECRET})
    server.answer("PATCH", "/v1/keys/key_1", 200, _KEY)
    roles = ["--role", "reader=*:read,status:list", "--role", "nobody="]
    assert run("apis", "create", "weather", *roles).exit_code == 0
    told = {"reader": ["*:read", "status:list"], "nobody": []}
    assert server.asked[-1].body == {"slug": "weather", "roles": told}
    assert run("apis", "update", "weather", "--no-roles").exit_code == 0
    assert server.asked[-1].body == {"roles": {}}
    opens = ["--api", "weather:@reader,alerts:read", "--api", "maps:@clerk"]
    assert run("keys", "create", "planner", *opens, "--show-secret").exit_code == 0
    access = [
        {"api": "weather", "scopes": ["alerts:read"], "roles": ["reader"]},
        {"api": "maps", "scopes": [], "roles": ["clerk"]},
    ]
    assert server.asked[-1].body == {"name": "planner", "access": access}
    assert run("keys", "update", "key_1", *opens).exit_code == 0
    assert server.asked[-1].body == {"access": access}


@pytest.mark.parametrize("roles", [["reader"], ["a=a:b", "a=c:d"]])
def test_a_role_that_cannot_be_read_is_wrong_use(
    run: Run, server: Server, roles: list[str]
) -> None:
    line = [word for role in roles for word in ("--role", role)]
    result = run("apis", "create", "weather", *line)
    assert result.exit_code == 2
    assert f"--role {roles[-1]}: write NAME=SCOPE,SCOPE" in _words(result)
    assert server.asked == []


def test_what_is_left_of_a_keys_limits_is_told(run: Run, server: Server) -> None:
    credits_ = {"name": "credits/balance", "credits": 100}
    row = {"subject": "customer", "limit": credits_, "used": 30, "left": 70}
    server.answer("GET", "/v1/keys/key_1/limits", 200, {"data": [row], "next_cursor": None})
    assert json.loads(run("keys", "limits", "key_1", "--json").stdout) == [row]
    assert "credits/balance" in run("keys", "limits", "key_1").stdout


def test_verify_sends_the_id_that_came_with_a_key(run: Run, server: Server) -> None:
    server.answer("POST", "/.keyhouse/v1/verify", 200, {"allowed": True})
    line = ["verify", "--api", "weather", "--key-id", "key_1"]
    assert run(*line, stdin=KEY_SECRET).exit_code == 0
    sent = {"secret": KEY_SECRET, "api": "weather", "key_id": "key_1"}
    assert server.asked[0].body == sent


def test_verify_asks_about_many_at_once(run: Run, server: Server, tmp_path: Path) -> None:
    good, bad = {"allowed": True, "code": "valid"}, {"allowed": False, "code": "unknown"}
    server.answer("POST", "/.keyhouse/v1/verify", 200, {"results": [good, bad]})
    file = tmp_path / "many.jsonl"
    own = {"secret": KEY_SECRET, "api": "maps", "cost": 2}
    file.write_text(json.dumps({"secret": KEY_SECRET}) + "\n\n" + json.dumps(own) + "\n")
    line = ["verify", "--api", "weather", "--method", "GET", "--from", str(file)]
    result = run(*line, "--json")
    assert json.loads(result.stdout) == [good, bad]
    assert result.exit_code == 1
    assert server.asked[0].body == {
        "requests": [
            {"api": "weather", "method": "GET", "secret": KEY_SECRET},
            {"api": "maps", "method": "GET", "secret": KEY_SECRET, "cost": 2},
        ]
    }
    table = run(*line)
    assert "unknown" in table.stdout
    assert table.exit_code == 1


def test_verify_asks_in_calls_that_the_gateway_takes(
    run: Run, server: Server, tmp_path: Path
) -> None:
    server.answer("POST", "/.keyhouse/v1/verify", 200, {"results": [{"allowed": True}]})
    file = tmp_path / "many.jsonl"
    entry = {"secret": KEY_SECRET, "api": "weather"}
    long = {**entry, "referrer": "r" * 40_000}
    many = [entry] * 150 + [long] * 2
    file.write_text("".join(json.dumps(one) + "\n" for one in many))
    assert run("verify", "--from", str(file)).exit_code == 0
    asked = [one.body["requests"] for one in server.asked]
    assert [len(one) for one in asked] == [100, 51, 1]
    assert [one for call in asked for one in call] == many
    assert all(len(json.dumps(one)) < 65_536 for one in asked)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no request"),
        ("{not json", "line 1: is not JSON"),
        ('{"secret": "kh_sk_test_x"}\n[1]', "line 2: holds no secret"),
        ('{"api": "weather"}', "line 1: holds no secret"),
    ],
)
def test_a_file_that_cannot_be_asked_about_is_told_without_its_secrets(
    run: Run, server: Server, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(text)
    result = run("verify", "--api", "weather", "--from", str(file))
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert "kh_sk" not in result.output
    assert not server.asked


def test_verify_is_told_which_api(run: Run, server: Server) -> None:
    result = run("verify", stdin=KEY_SECRET)
    assert result.exit_code == 2
    assert "--api" in result.output
    assert not server.asked

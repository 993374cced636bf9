import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import keyhouse_client
from keyhouse_client import (
    AsyncClient,
    Call,
    Client,
    KeyhouseError,
    ProblemError,
    Unreachable,
)

if TYPE_CHECKING:
    from tests.client.conftest import Desk

MANAGEMENT_KEY = "kh_mk_0123456789abcdefghijABCDEFGHIJ000000"


@pytest.fixture
def client(desk: "Desk") -> Iterator[Client]:
    with Client(desk.url, MANAGEMENT_KEY) as made:
        yield made


def test_public_names_are_a_contract() -> None:
    assert keyhouse_client.__all__ == [
        "Answer",
        "AsyncClient",
        "Call",
        "Client",
        "FieldError",
        "ForgedWebhook",
        "KeyhouseError",
        "Page",
        "ProblemError",
        "Unreachable",
        "verify_webhook",
    ]


def test_a_key_is_created_with_what_was_given(desk: "Desk", client: Client) -> None:
    desk.say(201, {"id": "key_1", "secret": "kh_sk_test_x"})
    key = client.keys.create("mine", [{"api": "weather", "scopes": []}], ends_at=None)
    assert key["secret"] == "kh_sk_test_x"
    (asked,) = desk.asked
    assert (asked.method, asked.path) == ("POST", "/v1/keys")
    assert asked.headers["Authorization"] == f"Bearer {MANAGEMENT_KEY}"
    assert asked.body == {
        "name": "mine",
        "access": [{"api": "weather", "scopes": []}],
        "ends_at": None,
    }


def test_a_key_is_explained_with_what_is_known_of_the_request(
    desk: "Desk", client: Client
) -> None:
    told: Any = {"outcome": "passed", "checks": []}
    desk.say(200, told)
    desk.say(200, told)
    asked: dict[str, Any] = {"address": "203.0.113.9", "cost": 0, "path": None}
    assert client.keys.explain("key_1", api="weather", **asked) == told
    assert client.requests.explain("req_1") == told
    first, second = desk.asked
    assert (first.method, first.path) == ("POST", "/v1/keys/key_1/explain")
    assert first.body == {"api": "weather", "address": "203.0.113.9", "cost": 0}
    assert (second.method, second.path) == ("POST", "/v1/requests/req_1/explain")


def test_networks_that_tried_unknown_keys_are_below_usage(
    desk: "Desk", client: Client
) -> None:
    rows = [{"network": "203.0.113.0/24", "verdict": "unknown", "requests": 4}]
    desk.say(200, {"data": rows, "next_cursor": None})
    assert client.usage.unknown_keys(api="weather", since=None).data == rows
    assert desk.asked[0].path == "/v1/usage/unknown-keys?api=weather"


def test_users_are_below_usage_and_their_tokens_are_revoked(
    desk: "Desk", client: Client
) -> None:
    desk.say(200, {"data": [{"user": "alice", "requests": 4}], "next_cursor": None})
    desk.say(200, {"kind": "user", "value": "alice"})
    assert client.usage.users(api="weather").data[0]["user"] == "alice"
    assert client.tokens.revoke("app_1", user="alice")["value"] == "alice"
    first, second = desk.asked
    assert first.path == "/v1/usage/users?api=weather"
    assert (second.method, second.path) == ("POST", "/v1/tokens/revoke")
    assert second.body == {"application": "app_1", "user": "alice"}


def test_none_in_an_update_clears_a_field(desk: "Desk", client: Client) -> None:
    desk.say(200, {"id": "key_1"})
    client.keys.update("key_1", ends_at=None)
    assert desk.asked[0].body == {"ends_at": None}


@pytest.mark.parametrize("what", ["enable", "disable", "revoke", "restore"])
def test_each_verb_of_a_key_is_its_own_post(
    desk: "Desk", client: Client, what: str
) -> None:
    desk.say(200, {"id": "key_1"})
    getattr(client.keys, what)("key_1")
    assert (desk.asked[0].method, desk.asked[0].path) == ("POST", f"/v1/keys/key_1/{what}")


def test_an_id_cannot_leave_its_place_in_the_path(desk: "Desk", client: Client) -> None:
    desk.say(404, {"code": "not_found"})
    with pytest.raises(ProblemError):
        client.keys.get("../audit?x=1")
    assert desk.asked[0].path == "/v1/keys/..%2Faudit%3Fx%3D1"


def test_a_header_for_an_upstream_is_put_by_its_name(desk: "Desk", client: Client) -> None:
    desk.say(200, {"name": "X-A"})
    desk.say(204)
    assert client.apis.headers("weather").set("X-A", "hush")["name"] == "X-A"
    client.apis.headers("weather").delete("X-A")
    assert [(one.method, one.path) for one in desk.asked] == [
        ("PUT", "/v1/apis/weather/headers/X-A"),
        ("DELETE", "/v1/apis/weather/headers/X-A"),
    ]
    assert desk.asked[0].body == {"value": "hush"}


def test_routes_belong_to_an_api(desk: "Desk", client: Client) -> None:
    desk.say(204)
    client.apis.routes("weather").delete("rte_1")
    assert desk.asked[0].path == "/v1/apis/weather/routes/rte_1"


def test_a_change_can_be_bound_to_what_was_seen(desk: "Desk", client: Client) -> None:
    desk.say(200, {"id": "key_1"}, ETag='"abc"')
    etag = client.send(Call("GET", "/v1/keys/key_1")).etag
    desk.say(200, {"id": "key_1"})
    client.keys.update("key_1", if_match=etag, name="x")
    assert desk.asked[1].headers["if-match"] == '"abc"'
    assert desk.asked[1].body == {"name": "x"}


def test_each_reads_all_pages_with_the_filters_kept(desk: "Desk", client: Client) -> None:
    desk.say(200, {"data": [{"id": "1"}, {"id": "2"}], "next_cursor": "abc="})
    desk.say(200, {"data": [{"id": "3"}], "next_cursor": None})
    found = client.keys.each(state="active", api=None)
    assert [row["id"] for row in found] == ["1", "2", "3"]
    second = parse_qs(urlsplit(desk.asked[1].path).query)
    assert second == {"state": ["active"], "cursor": ["abc="]}


def test_a_repeated_post_is_the_same_write(desk: "Desk", client: Client) -> None:
    desk.hang_up()
    desk.say(503, {"code": "unavailable"})
    desk.say(201, {"id": "prj_1"})
    assert client.projects.create(name="p") == {"id": "prj_1"}
    assert len(desk.asked) == 3
    assert len({asked.headers["Idempotency-Key"] for asked in desk.asked}) == 1


def test_two_posts_are_two_writes(desk: "Desk", client: Client) -> None:
    for _ in range(2):
        desk.say(201, {"id": "prj_1"})
        client.projects.create(name="p")
    assert len({asked.headers["Idempotency-Key"] for asked in desk.asked}) == 2


def test_repeats_end(desk: "Desk", client: Client) -> None:
    for _ in range(9):
        desk.say(503, {"code": "unavailable"})
    with pytest.raises(ProblemError) as caught:
        client.keys.get("key_1")
    assert caught.value.code == "unavailable"
    assert len(desk.asked) == 4


def test_a_refusal_is_not_asked_again(desk: "Desk", client: Client) -> None:
    desk.say(429, {"code": "rate_limited"})
    with pytest.raises(ProblemError):
        client.keys.get("key_1")
    assert len(desk.asked) == 1


def test_a_delete_that_may_have_happened_is_not_repeated(
    desk: "Desk", client: Client
) -> None:
    desk.hang_up()
    with pytest.raises(Unreachable, match=f"DELETE {desk.url}/v1/keys/key_1: "):
        client.keys.delete("key_1")
    assert len(desk.asked) == 1


def test_a_bound_change_that_may_have_happened_is_not_repeated(
    desk: "Desk", client: Client
) -> None:
    """Its repeat would be refused for what the first did."""
    desk.hang_up()
    with pytest.raises(Unreachable, match=f"PATCH {desk.url}/v1/keys/key_1: "):
        client.keys.update("key_1", if_match='"abc"', name="x")
    assert len(desk.asked) == 1


def test_nobody_listening_is_told_with_the_call_and_the_address() -> None:
    with (
        Client("http://ada:hush@127.0.0.1:1/below/", MANAGEMENT_KEY) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.keys.get("key_1")
    assert str(caught.value).startswith("GET http://127.0.0.1:1/below/v1/keys/key_1: ")


def test_an_answer_that_cannot_be_read_is_told_as_that(
    desk: "Desk", client: Client
) -> None:
    """It may have been carried out, and is not asked for again."""
    calls: list[Callable[[], object]] = [
        lambda: client.keys.get("key_1"),
        lambda: list(client.audit.export()),
        lambda: list(client.export_yaml()),
    ]
    for call in calls:
        desk.say(200, {"id": "key_1"}, Content_Encoding="gzip")
        with pytest.raises(KeyhouseError, match=f"GET {desk.url}/v1/.*: "):
            call()
    assert len(desk.asked) == len(calls)


def test_a_gateway_is_told_from_the_management_api(desk: "Desk", client: Client) -> None:
    """Their addresses are easily taken for each other: it has no such API."""
    desk.say(404, {"title": "No such API", "status": 404, "code": "api_not_found"})
    with pytest.raises(KeyhouseError, match=r"is a gateway.*management API") as caught:
        client.keys.get("key_1")
    assert not isinstance(caught.value, ProblemError)
    assert str(caught.value).startswith(f"GET {desk.url}/v1/keys/key_1: ")


def test_a_problem_names_field_reason_and_mend(desk: "Desk", client: Client) -> None:
    wrong = {"field": "access.0.api", "reason": "is unknown", "mend": "create it first"}
    problem = {"title": "Wrong values", "detail": "One is wrong.", "code": "invalid"}
    desk.say(422, {**problem, "errors": [wrong]}, Keyhouse_Request_Id="req_1")
    with pytest.raises(ProblemError) as caught:
        client.keys.create("mine", [])
    error = caught.value
    assert (error.status, error.code, error.request_id) == (422, "invalid", "req_1")
    assert error.errors == (("access.0.api", "is unknown", "create it first"),)
    assert "access.0.api: is unknown (create it first)" in str(error)


def test_an_answer_that_is_not_keyhouses_is_still_a_problem(
    desk: "Desk", client: Client
) -> None:
    desk.say(502, ["nonsense"])
    with pytest.raises(ProblemError) as caught:
        client.keys.get("key_1")
    assert (caught.value.status, caught.value.code) == (502, "")


@pytest.mark.parametrize("errors", [["text"], {"a": 1}, 5, [None, ["a"]], None])
def test_a_proxys_own_form_of_errors_is_still_a_problem(
    desk: "Desk", client: Client, errors: object
) -> None:
    desk.say(400, {"title": "Bad", "code": None, "errors": errors})
    with pytest.raises(ProblemError) as caught:
        client.keys.get("key_1")
    assert str(caught.value) == "400 Bad"
    assert (caught.value.code, caught.value.errors) == ("", ())


def test_errors_that_can_be_read_are_told_beside_others(
    desk: "Desk", client: Client
) -> None:
    wrong = {"field": "name", "reason": "is taken", "mend": None}
    desk.say(422, {"title": "Wrong", "errors": ["text", wrong]})
    with pytest.raises(ProblemError, match="name: is taken") as caught:
        client.keys.get("key_1")
    assert caught.value.errors == (("name", "is taken", ""),)


@pytest.mark.parametrize("body", [None, [], "hello"])
def test_an_answer_of_another_server_is_no_empty_one(
    desk: "Desk", client: Client, body: object
) -> None:
    """An address that is wrong would read as a Keyhouse without keys."""
    for call in (client.keys.list, lambda: client.keys.revoke("key_1")):
        desk.say(200, body)
        with pytest.raises(KeyhouseError, match=f"{desk.url}/v1/keys.*look at the address"):
            call()


def test_a_list_without_its_rows_is_none(desk: "Desk", client: Client) -> None:
    desk.say(200, {"hello": "world"})
    with pytest.raises(KeyhouseError, match="look at the address"):
        client.keys.list()


def test_the_number_of_a_change_can_be_had(desk: "Desk", client: Client) -> None:
    desk.say(200, {"id": "key_1"}, Keyhouse_Change_Seq="41")
    answer = client.send(Call("POST", "/v1/keys/key_1/revoke"))
    assert (answer.status, answer.change_seq) == (200, 41)


def test_the_management_key_is_never_shown(
    desk: "Desk", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.say(401, {"code": "unknown"})
    with Client(desk.url, MANAGEMENT_KEY) as client:
        with pytest.raises(ProblemError) as caught:
            client.keys.get("key_1")
        told = f"{client!r}{vars(client)!r}{caught.value!r}{caught.value}{caplog.text}"
    assert MANAGEMENT_KEY not in told
    assert MANAGEMENT_KEY not in repr(AsyncClient(desk.url, MANAGEMENT_KEY))


def test_a_key_may_be_read_from_a_file_that_ends_with_a_line_break(desk: "Desk") -> None:
    desk.say(200, {"id": "key_1"})
    with Client(desk.url, f" {MANAGEMENT_KEY}\n") as client:
        client.keys.get("key_1")
    assert desk.asked[0].headers["Authorization"] == f"Bearer {MANAGEMENT_KEY}"


@pytest.mark.parametrize(
    "wrong", ["", "\n", f"{MANAGEMENT_KEY}\nx", f"{MANAGEMENT_KEY}\xe4"]
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(
    kind: type[Client] | type[AsyncClient], wrong: str
) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        kind("http://127.0.0.1:1", wrong)
    assert MANAGEMENT_KEY not in f"{caught.value!r}"


WRONG_ADDRESSES = [
    "http://localhost:80OO",
    "localhost:8000",
    "localhost",
    "ftp://localhost",
    "http://",
    "http://localhost:70000",
    "http://a..b:8000",
    "http://[::1:8000",
    "http://ada:hush@localhost:80OO",
    MANAGEMENT_KEY,
    "",
]


@pytest.mark.parametrize("wrong", WRONG_ADDRESSES)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_that_is_none_is_refused_at_once(
    kind: type[Client] | type[AsyncClient], wrong: str
) -> None:
    with pytest.raises(ValueError, match="is no address; write http://host:port") as caught:
        kind(wrong, MANAGEMENT_KEY)
    told = str(caught.value)
    assert MANAGEMENT_KEY not in told
    assert "hush" not in told


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_of_the_environment_is_told_by_its_name(
    kind: type[Client] | type[AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYHOUSE_API_KEY", MANAGEMENT_KEY)
    monkeypatch.setenv("KEYHOUSE_URL", "http://localhost:80OO")
    with pytest.raises(ValueError, match="KEYHOUSE_URL: http://localhost:80OO is no addr"):
        kind.from_env()


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/",
        "https://keys.example.com/below",
        "http://[::1]:8000",
        "http://127.0.0.1",
        "http://bücher.example",
        "http://keyhouse_management:8000",
    ],
)
def test_other_addresses_are_taken(url: str) -> None:
    with Client(url, MANAGEMENT_KEY) as client:
        assert client.url == url


def test_what_a_request_that_cannot_be_sent_holds_is_not_told(client: Client) -> None:
    """What httpx says of it quotes the header."""
    with pytest.raises(Unreachable, match="LocalProtocolError") as caught:
        client.keys.create("mine", [], idempotency_key="hush\n")
    assert "hush" not in str(caught.value)


async def test_an_answer_that_cannot_be_read_is_told_on_an_event_loop_too(
    desk: "Desk",
) -> None:
    async with AsyncClient(desk.url, MANAGEMENT_KEY) as client:
        desk.say(200, {"id": "key_1"}, Content_Encoding="gzip")
        with pytest.raises(KeyhouseError, match=f"GET {desk.url}/v1/keys/key_1: "):
            await client.keys.get("key_1")
        desk.say(200, {"id": "key_1"}, Content_Encoding="gzip")
        with pytest.raises(KeyhouseError, match=f"GET {desk.url}/v1/audit/export: "):
            await anext(client.audit.export())


async def test_the_async_client_does_the_same(desk: "Desk") -> None:
    desk.say(503, {})
    desk.say(201, {"id": "key_1"})
    desk.say(200, {"data": [{"request_id": "1"}], "next_cursor": "x"})
    desk.say(200, {"data": [{"request_id": "2"}], "next_cursor": None})
    desk.say(204)
    async with AsyncClient(desk.url, MANAGEMENT_KEY) as client:
        assert (await client.keys.create("mine", []))["id"] == "key_1"
        found = [row["request_id"] async for row in client.requests.each()]
        assert found == ["1", "2"]
        await client.applications.delete("app_1")
    assert [asked.method for asked in desk.asked] == [
        "POST",
        "POST",
        "GET",
        "GET",
        "DELETE",
    ]


def test_a_redirect_does_not_carry_the_key_away(desk: "Desk", client: Client) -> None:
    desk.say(302, None, Location="http://127.0.0.1:1/")
    with pytest.raises(ProblemError) as caught:
        client.keys.get("key_1")
    assert caught.value.status == httpx.codes.FOUND


def test_a_key_gets_a_new_secret(desk: "Desk", client: Client) -> None:
    desk.say(201, {"id": "key_1", "secret": "kh_sk_test_x"})
    key = client.keys.rotate("key_1", 86_400, idempotency_key="mine")
    assert key["secret"] == "kh_sk_test_x"
    (asked,) = desk.asked
    assert (asked.method, asked.path) == ("POST", "/v1/keys/key_1/rotate")
    assert asked.headers["Idempotency-Key"] == "mine"
    assert asked.body == {"overlap_seconds": 86_400}


def test_secrets_limits_and_finding_have_their_calls(desk: "Desk", client: Client) -> None:
    desk.say(204)
    desk.say(200, {"data": [{"left": 3}], "next_cursor": None})
    desk.say(200, {"id": "key_1"})
    client.keys.end_secret("key_1", "sec_1")
    assert [row["left"] for row in client.keys.limits("key_1").data] == [3]
    assert client.keys.find("kh_sk_test_x")["id"] == "key_1"
    desk.say(200, {"data": [{"network": "203.0.113.0/24"}], "next_cursor": None})
    assert [row["network"] for row in client.keys.networks("key_1").data] == [
        "203.0.113.0/24"
    ]
    assert [(asked.method, asked.path) for asked in desk.asked] == [
        ("DELETE", "/v1/keys/key_1/secrets/sec_1"),
        ("GET", "/v1/keys/key_1/limits"),
        ("POST", "/v1/keys/find"),
        ("GET", "/v1/keys/key_1/networks"),
    ]
    assert desk.asked[2].body == {"secret": "kh_sk_test_x"}

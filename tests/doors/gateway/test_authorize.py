"""`/.keyhouse/v1/authorize`: what a proxy of the operator's is told."""

import json
from dataclasses import replace

import pytest

from keyhouse.core.patterns import Endpoints
from keyhouse.core.records import RouteRecord, SecretRecord
from keyhouse.core.scopes import Needs
from keyhouse.ports import StoreUnavailable
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY, LIMITED, NOW_US
from tests.doors.gateway.wire import Answer

K = KEY.decode()
WEATHER = "?api=weather&prefix=/weather"


async def ask(
    house: House, below: str, *headers: str, method: str = "GET", key: str | None = K
) -> Answer:
    lines = [f"{method} /.keyhouse/v1/authorize{below} HTTP/1.1", "Host: a", *headers]
    lines += [f"X-API-Key: {key}"] if key else []
    data = "\r\n".join((*lines, "", "")).encode()
    return await house.ask(data, is_head=method == "HEAD")


async def trusting(house: House) -> House:
    return await house.start(trusted_proxies=("127.0.0.0/8",))


def of(uri: str, method: str = "GET") -> tuple[str, str]:
    return f"X-Forwarded-Uri: {uri}", f"X-Forwarded-Method: {method}"


def guard_admin(house: House) -> None:
    """From now on `GET /admin` asks for a scope that no key of these tests holds."""
    admin = RouteRecord("rte_1", ("admin:do",), Needs(frozenset(("admin:do",))), 1)
    house.verifier.apis["weather"] = replace(
        house.verifier.apis["weather"],
        endpoints=Endpoints([("GET", "/admin")]),
        routes=(admin,),
    )


async def test_only_trusted_proxies_may_ask(house: House) -> None:
    await house.start()
    answer = await ask(house, WEATHER, *of("/weather/x"))
    assert answer.status == 403
    assert json.loads(answer.body)["code"] == "proxy_not_trusted"
    assert not house.verifier.requests


async def test_all_identity_headers_are_told_empty_if_need_be(house: House) -> None:
    await trusting(house)
    answer = await ask(house, WEATHER, *of("/weather/x"))
    assert answer.status == 200
    assert answer.body == b""
    assert answer.headers["keyhouse-key-id"] == "key_one"
    assert answer.headers["keyhouse-application"] == "app_1"
    assert answer.headers["keyhouse-customer"] == "cust-%C3%BC"
    assert answer.headers["keyhouse-subject"] == ""
    assert answer.headers["keyhouse-environment"] == "test"
    assert answer.headers["keyhouse-scopes"] == "a:b forecast:read"
    assert answer.headers["keyhouse-request-id"].startswith("req_")


async def test_what_is_left_is_told_anew_with_each_answer(house: House) -> None:
    await trusting(house)
    for left in (1, 0):
        answer = await ask(house, WEATHER, *of("/weather/x"), key=LIMITED.decode())
        assert answer.status == 200
        assert answer.headers["ratelimit"].startswith(f'"per-minute";r={left};')
        assert answer.headers["ratelimit-policy"] == '"per-minute";q=2;w=60'
    assert (await ask(house, WEATHER, key=LIMITED.decode())).status == 429


async def test_the_end_of_a_secret_is_told_as_everywhere(house: House) -> None:
    replaced_us = NOW_US - 60_000_000
    ends_us = NOW_US + 86_400_000_000
    house.verifier.secrets[KEY] = SecretRecord("sec_1", 1, 0, ends_us, False, replaced_us)
    await trusting(house)
    answer = await ask(house, WEATHER, *of("/weather/x"))
    assert answer.status == 200
    assert answer.headers["deprecation"] == f"@{replaced_us // 1_000_000}"
    assert answer.headers["sunset"] == "Fri, 10 Oct 2025 08:53:20 GMT"
    assert answer.headers["keyhouse-key-id"] == "key_one"


async def test_the_question_is_about_the_request_that_the_proxy_holds(house: House) -> None:
    await trusting(house)
    headers = (*of("/weather/a/b?c=d", "post"), "X-Forwarded-For: 203.0.113.9")
    assert (await ask(house, WEATHER, *headers, key=FENCED.decode())).status == 200
    [asked] = house.verifier.requests
    assert (asked.api, asked.method, asked.path) == ("weather", "POST", "/a/b")
    [served] = house.meter.served_rows
    assert served["path"] == "/weather/a/b"
    assert served["method"] == "POST"


async def test_the_other_form_takes_path_and_method_as_they_come(house: House) -> None:
    await trusting(house)
    spoofed = of("/weather/elsewhere", "GET")
    await ask(house, "/weather/a/b?c=d", *spoofed, method="DELETE")
    await ask(house, "/weather")
    await ask(house, "/weather/x", method="HEAD")
    assert [(one.method, one.path) for one in house.verifier.requests] == [
        ("DELETE", "/a/b"),
        ("GET", "/"),
        ("HEAD", "/x"),
    ]


@pytest.mark.parametrize("uri", ["/weather", "/weather/", "/%77eather", "/w%65ather/?a"])
async def test_the_root_of_the_api_is_a_slash(house: House, uri: str) -> None:
    await trusting(house)
    await ask(house, WEATHER, *of(uri))
    assert house.verifier.requests[0].path == "/"


@pytest.mark.parametrize(
    "uri",
    [
        "/%77eather/admin",
        "/weather/%61dmin",
        "/x/../weather/admin",
        "/weather/x/../admin",
        "/./weather/admin",
        "//weather/admin",
        "/weather//admin",
        "/weather%2Fadmin",
        "/WEATHER/admin",
        "/weatherman/admin",
        "http://a/weather/admin",
        "/",
        "",
    ],
)
async def test_no_spelling_of_a_path_gets_round_the_scopes_of_its_route(
    house: House, uri: str
) -> None:
    guard_admin(house)
    await trusting(house)
    assert (await ask(house, WEATHER, *of("/weather/now"))).status == 200
    answer = await ask(house, WEATHER, *of(uri))
    assert answer.status == 403
    assert json.loads(answer.body)["code"] in ("scope_missing", "endpoint_not_allowed")


@pytest.mark.parametrize(
    "told", [(), ("X-Forwarded-Uri: /weather/admin",), ("X-Forwarded-Method: GET",)]
)
async def test_a_proxy_that_leaves_out_method_or_address_opens_no_api_with_routes(
    house: House, told: tuple[str, ...]
) -> None:
    guard_admin(house)
    await trusting(house)
    answer = await ask(house, WEATHER, *told)
    assert answer.status == 403
    assert json.loads(answer.body)["code"] == "endpoint_not_allowed"


@pytest.mark.parametrize(
    ("below", "headers"),
    [
        ("", ()),
        ("?api=", ()),
        ("?api=weather&refuse_as=200", ()),
        ("?api=weather&prefix=weather", ()),
        ("?api=weather&prefix=/a/../weather", ()),
        ("?api=weather", ("X-Forwarded-Uri: /a", "X-Forwarded-Uri: /b")),
        ("?api=weather", ("X-Forwarded-Method: GET", "X-Forwarded-Method: PUT")),
    ],
)
async def test_a_question_with_two_meanings_or_none_is_400(
    house: House, below: str, headers: tuple[str, ...]
) -> None:
    await trusting(house)
    assert (await ask(house, below, *headers)).status == 400
    assert not house.verifier.requests


async def test_refusals_have_their_status_and_tell_it_where_it_had_to_change(
    house: House,
) -> None:
    await trusting(house)
    limited = LIMITED.decode()
    for _ in range(2):
        assert (await ask(house, WEATHER, *of("/weather/x"), key=limited)).status == 200
    real = await ask(house, WEATHER, *of("/weather/x"), key=limited)
    assert (real.status, real.headers["keyhouse-status"]) == (429, "429")
    carried = await ask(house, WEATHER + "&refuse_as=403", *of("/weather/x"), key=limited)
    assert (carried.status, carried.headers["keyhouse-status"]) == (403, "429")
    assert int(carried.headers["retry-after"]) > 0
    missing = await ask(house, WEATHER + "&refuse_as=403", *of("/weather/x"), key=None)
    assert (missing.status, missing.headers["keyhouse-status"]) == (401, "401")
    assert "www-authenticate" in missing.headers


async def test_an_api_that_is_not_there_and_a_lost_database_let_nothing_pass(
    house: House,
) -> None:
    await trusting(house)
    none = await ask(house, "?api=nowhere&refuse_as=403", *of("/x"))
    assert (none.status, none.headers["keyhouse-status"]) == (403, "404")
    house.verifier.failure = StoreUnavailable("gone")
    assert (await ask(house, WEATHER, *of("/weather/x"))).status == 503


async def test_a_key_in_the_query_counts_where_the_api_takes_it(house: House) -> None:
    await trusting(house)
    answer = await ask(house, "?api=query", *of(f"/x?api_key={K}&a=b"), key=None)
    assert answer.status == 200
    other = await ask(house, WEATHER, *of(f"/weather/x?api_key={K}"), key=None)
    assert other.status == 401
    assert K not in str(house.meter.served_rows)


async def test_what_cannot_be_counted_is_not_allowed(house: House) -> None:
    await trusting(house)
    house.meter.full = True
    assert (await ask(house, WEATHER, *of("/weather/x"))).status == 503
    assert len(house.verifier.released) == 1


async def test_a_key_in_the_path_is_refused_and_not_written_down(house: House) -> None:
    await trusting(house)
    answer = await ask(house, WEATHER, *of(f"/weather/{K}/x"))
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "key_in_path")
    assert K not in str(house.meter.served_rows)
    assert not house.verifier.requests


def _escaped(secret: str) -> str:
    return "".join(f"%{byte:02x}" for byte in secret.encode())


@pytest.mark.parametrize("spelled", [K, _escaped(K), "kh%5F" + K[3:]])
@pytest.mark.parametrize(
    ("below", "uri"),
    [
        (WEATHER, "/weather/x?a=b&key={key}"),
        (WEATHER, "/weather/x?{key}"),
        (WEATHER, "/weather/{key}"),
        (WEATHER, "/elsewhere/{key}"),
        (WEATHER, "/weather//{key}/x"),
        ("?api=query", "/x?api_key={key}&a={key}"),
        ("/weather/{key}/x", ""),
        ("/weather/x?a={key}", ""),
        ("/query/x?api_key={key}&a={key}", ""),
    ],
)
async def test_a_key_anywhere_in_the_address_is_refused_as_by_the_gateway(
    house: House, below: str, uri: str, spelled: str
) -> None:
    """It would go on to the upstream, and into logs."""
    await trusting(house)
    told = of(uri.format(key=spelled)) if uri else ()
    answer = await ask(house, below.format(key=spelled), *told)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "key_in_path")
    assert not house.meter.served_rows


async def test_a_key_in_its_own_parameter_is_none_in_the_address(house: House) -> None:
    await trusting(house)
    for below, told in (
        ("?api=query", of(f"/x?a=b&api_key={_escaped(K)}")),
        (f"/query/x?api_key={K}", ()),
    ):
        assert (await ask(house, below, *told)).status == 200

"""An API is found by the host that was asked for, before its slug is looked for."""

import json

import pytest

from keyhouse.core.prefixes import Prefixes
from keyhouse.ports import StoreUnavailable
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import FENCED, KEY
from tests.doors.gateway.wire import Answer

pytestmark = pytest.mark.parametrize("pending", [False, True])

_SLUGS: dict[str, str | Prefixes] = {
    "api.example.com": "weather",
    "*.stars.example": "based",
    "one.stars.example": "kept",
    "query.example": "query",
}


@pytest.fixture(autouse=True)
def named(house: House, pending: bool) -> None:
    """Some APIs have hosts. `pending` has each look-up come from a thread."""
    house.verifier.host_slugs = _SLUGS
    house.verifier.hosts.in_use = True
    house.verifier.pending = pending


async def get(
    house: House, host: str | None, target: str, *lines: str, version: str = "1.1"
) -> Answer:
    hosts = [] if host is None else [f"Host: {host}"]
    head = [f"GET {target} HTTP/{version}", *hosts, f"X-API-Key: {KEY.decode()}", *lines]
    return await house.ask("\r\n".join((*head, "", "")).encode("latin-1"))


@pytest.mark.parametrize(
    ("host", "target", "line"),
    [
        ("api.example.com", "/now", "/now"),
        ("api.example.com", "/", "/"),
        ("api.example.com", "/?a=b", "/?a=b"),
        ("API.example.com:8443", "/now", "/now"),
        ("api.example.com.", "/now", "/now"),
        ("api.example.com", "/based/x", "/based/x"),
        ("any.stars.example", "/weather/x?q=1", "/base/weather/x?q=1"),
        ("one.stars.example", "/x", "/x"),
        ("query.example", "/x?api_key=" + KEY.decode() + "&q=1", "/x?q=1"),
    ],
)
async def test_a_host_leads_to_its_api_with_the_whole_path(
    house: House, host: str, target: str, line: str
) -> None:
    await house.start()
    assert (await get(house, host, target)).status == 200
    assert house.upstream.requests[-1].line == f"GET {line} HTTP/1.1"


@pytest.mark.parametrize(
    "host",
    [
        "elsewhere.example",
        "a.any.stars.example",
        "stars.example",
        "xapi.example.com",
        "127.0.0.1:8080",
        "[::1]",
    ],
)
async def test_another_host_changes_nothing(house: House, host: str) -> None:
    await house.start()
    assert (await get(house, host, "/weather/now")).status == 200
    assert house.upstream.requests[-1].line == "GET /now HTTP/1.1"
    assert (await get(house, host, "/now")).status == 404


async def test_http_1_0_without_a_host_goes_by_its_slug(house: House) -> None:
    await house.start()
    assert (await get(house, None, "/weather/now", version="1.0")).status == 200
    assert house.upstream.requests[-1].line == "GET /now HTTP/1.1"


async def test_an_own_name_of_keyhouse_is_no_apis(house: House) -> None:
    """Even where one has it: the setting may have come later than the API."""
    await house.start(own_hosts=frozenset(("api.example.com",)))
    assert (await get(house, "api.example.com", "/weather/now")).status == 200
    assert house.upstream.requests[-1].line == "GET /now HTTP/1.1"
    assert (await get(house, "api.example.com", "/now")).status == 404


async def test_keyhouses_own_addresses_are_there_on_every_host(house: House) -> None:
    """An upstream cannot pass itself off as the verifier, or as the door's health."""
    await house.start()
    for host in ("api.example.com", "any.stars.example", "elsewhere.example"):
        answer = await get(house, host, "/.keyhouse/live")
        assert (answer.status, answer.body) == (200, b'{"status":"live"}')
        assert (await get(house, host, "/.keyhouse")).status == 404
        assert (await get(house, host, "/.keyhouse/secret")).status == 404
    assert house.upstream.requests == []


async def test_a_host_is_no_way_around_the_check_of_paths(house: House) -> None:
    await house.start()
    for target in ("/a/../b", "//a", "/a%2fb", "/.//.keyhouse/live"):
        answer = await get(house, "api.example.com", target)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "ambiguous_path")
    answer = await get(house, "api.example.com", f"/{KEY.decode()}")
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "key_in_path")
    assert house.upstream.requests == []


async def test_the_host_of_an_absolute_target_goes_before_that_of_the_header(
    house: House,
) -> None:
    """Also for what comes after it with the same headers."""
    await house.start()
    client = await house.client()
    key = f"X-API-Key: {KEY.decode()}\r\n\r\n"
    for target, host, status in (
        ("http://other.example/now", "api.example.com", 404),
        ("/now", "api.example.com", 200),
        ("http://api.example.com/now", "other.example", 200),
        ("/now", "other.example", 404),
        ("http://api.example.com:80/now", "other.example", 200),
    ):
        client.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{key}".encode())
        assert (await client.answer()).status == status, (target, host)


async def test_a_decision_is_asked_for_on_the_whole_path(house: House) -> None:
    """And written down behind the slug, as at every door: explain reads it there."""
    await house.start()
    await get(house, "api.example.com", "/based/x")
    assert house.verifier.requests[-1].api == "weather"
    assert house.verifier.requests[-1].path == "/based/x"
    assert house.meter.served_rows[-1]["path"] == "/weather/based/x"


async def test_only_a_trusted_proxy_tells_another_host(house: House) -> None:
    await house.start()
    told = "X-Forwarded-Host: api.example.com"
    assert (await get(house, "elsewhere.example", "/now", told)).status == 404
    assert (
        await get(house, "api.example.com", "/now", "X-Forwarded-Host: x.y")
    ).status == 200


async def test_a_trusted_proxy_tells_the_host(house: House) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8",))
    told = "X-Forwarded-Host: api.example.com"
    assert (await get(house, "gateway:8080", "/now", told)).status == 200
    assert (await get(house, "api.example.com", "/now")).status == 200
    assert (
        await get(house, "api.example.com", "/now", "X-Forwarded-Host: x.y")
    ).status == 404
    both = "X-Forwarded-Host: api.example.com, x.y"
    assert (await get(house, "gateway:8080", "/now", both)).status == 404


async def test_without_the_database_an_unknown_host_is_unavailable(house: House) -> None:
    """It may be an API's: to take it for none would let the slug decide."""
    house.verifier.failure = StoreUnavailable("gone")
    await house.start()
    assert (await get(house, "api.example.com", "/weather/now")).status == 503
    assert house.meter.served_rows[-1]["path"] == "/weather/now"
    assert house.meter.served_rows[-1]["code"] == "unavailable"


async def test_a_refusal_by_host_reads_like_one_by_slug(house: House) -> None:
    await house.start()
    request = "GET /now HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\n\r\n"
    data = request.format("api.example.com", FENCED.decode())
    assert (await house.ask(data.encode())).status == 403
    nobody = "GET /now HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
    assert (await house.ask(nobody.encode())).status == 401


async def test_the_upstream_is_told_the_host_that_was_asked_for(house: House) -> None:
    await house.start()
    await get(house, "api.example.com", "/now")
    headers = house.upstream.requests[-1].headers
    assert headers["x-forwarded-host"] == "api.example.com"
    assert headers["host"] == f"127.0.0.1:{house.upstream.port}"


@pytest.mark.parametrize(
    "target", ["/kept", "/kept/", "/kept/x/y", "/kept/x?q=1", "/kept?q"]
)
async def test_an_api_that_keeps_its_slug(house: House, target: str) -> None:
    """The upstream gets it; checks read the path below the API's root all the same."""
    await house.start()
    assert (await get(house, "elsewhere.example", target)).status == 200
    assert house.upstream.requests[-1].line == f"GET {target} HTTP/1.1"
    below = target.removeprefix("/kept").partition("?")[0] or "/"
    assert house.verifier.requests[-1].path == below

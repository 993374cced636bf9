"""Of several APIs on one host, one is found by the longest prefix of the path."""

import json

import pytest

from keyhouse.core.prefixes import Prefixes
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.wire import Answer

pytestmark = pytest.mark.parametrize("pending", [False, True])

_BELOW = (("/maps", "based"), ("/maps/v2", "weather"), ("/own", "kept"), ("/q", "query"))
_LEADS: dict[str, str | Prefixes] = {
    "all.example": Prefixes("all.example", (("", "weather"), *_BELOW)),
    "some.example": Prefixes("some.example", _BELOW),
    "*.stars.example": Prefixes("*.stars.example", _BELOW),
}


@pytest.fixture(autouse=True)
def named(house: House, pending: bool) -> None:
    """Some hosts are shared. `pending` has each look-up come from a thread."""
    house.verifier.host_slugs = _LEADS
    house.verifier.hosts.in_use = True
    house.verifier.pending = pending


async def get(house: House, host: str, target: str, *lines: str) -> Answer:
    head = [f"GET {target} HTTP/1.1", f"Host: {host}", f"X-API-Key: {KEY.decode()}"]
    return await house.ask("\r\n".join((*head, *lines, "", "")).encode("latin-1"))


@pytest.mark.parametrize(
    ("host", "target", "line"),
    [
        ("some.example", "/maps/x", "/base/x"),
        ("some.example", "/maps", "/base/"),
        ("some.example", "/maps/", "/base/"),
        ("some.example", "/maps?a=b", "/base/?a=b"),
        ("some.example", "/maps/?a=/../b", "/base/?a=/../b"),
        ("some.example", "/maps/v2/x", "/x"),
        ("some.example", "/maps/v2", "/"),
        ("some.example", "/maps/v20/x", "/base/v20/x"),
        ("some.example", "/maps/maps/v2", "/base/maps/v2"),
        ("some.example", "/m%61ps/%78", "/base/%78"),
        ("some.example", "/maps/%762/x", "/x"),
        ("some.example", "/own/x?a", "/own/x?a"),
        ("some.example", "/own", "/own"),
        ("some.example", "/q/x?api_key=" + KEY.decode() + "&q=1", "/x?q=1"),
        ("SOME.example.:8443", "/maps/x", "/base/x"),
        ("any.stars.example", "/maps/x", "/base/x"),
        ("all.example", "/maps/x", "/base/x"),
        ("all.example", "/mapsx", "/mapsx"),
        ("all.example", "/Maps/x", "/Maps/x"),
        ("all.example", "/", "/"),
        ("all.example", "/weather/x", "/weather/x"),
    ],
)
async def test_the_longest_prefix_leads_and_is_taken_off_or_kept(
    house: House, host: str, target: str, line: str
) -> None:
    await house.start()
    for _ in range(2):
        assert (await get(house, host, target)).status == 200
        assert house.upstream.requests[-1].line == f"GET {line} HTTP/1.1"


@pytest.mark.parametrize("host", ["some.example", "any.stars.example"])
@pytest.mark.parametrize("target", ["/", "/x", "/mapsx", "/Maps/x", "/weather/x", "/own.x"])
async def test_on_a_shared_host_no_slug_leads_anywhere(
    house: House, host: str, target: str
) -> None:
    """Else whoever has a slug would answer under a name that is another's."""
    await house.start()
    answer = await get(house, host, target)
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "api_not_found")
    assert house.verifier.requests == []
    assert house.upstream.requests == []


async def test_a_decision_is_asked_for_on_the_path_below_the_prefix(house: House) -> None:
    """And written down behind the slug, where explain reads it; kept or not."""
    await house.start()
    for target, slug, below in (
        ("/maps/x", "based", "/x"),
        ("/own/x", "kept", "/x"),
        ("/maps/v2", "weather", "/"),
    ):
        await get(house, "some.example", target)
        asked = house.verifier.requests[-1]
        assert (asked.api, asked.path) == (slug, below)
        assert house.meter.served_rows[-1]["path"] == f"/{slug}{below}"


@pytest.mark.parametrize(
    "target",
    [
        "/maps/../x",
        "/x/../maps/y",
        "/maps/%2e%2e/x",
        "/./maps/x",
        "//maps/x",
        "/maps//x",
        "/maps%2fx",
        "/maps%2Fv2/x",
        "/maps%5cx",
        "/maps;a/x",
        "/maps%3bv2",
        "/maps%00/x",
        "/maps/%252e%252e/x",
    ],
)
async def test_no_spelling_of_a_path_gets_around_its_prefix(
    house: House, target: str
) -> None:
    await house.start()
    for host in ("all.example", "some.example"):
        answer = await get(house, host, target)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "ambiguous_path")
    assert house.upstream.requests == []


@pytest.mark.parametrize("host", ["all.example", "some.example", "elsewhere.example"])
async def test_keyhouses_own_paths_have_no_second_spelling(house: House, host: str) -> None:
    """No upstream gets one, in whatever way it is written."""
    await house.start()
    assert (await get(house, host, "/.keyhouse/live")).status == 200
    for target in ("/%2ekeyhouse/live", "/.%6beyhouse/v1/verify", "/%2Ekeyhouse"):
        answer = await get(house, host, target)
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found")
    assert house.upstream.requests == []


async def test_a_slug_has_no_second_spelling_either(house: House) -> None:
    await house.start()
    assert (await get(house, "elsewhere.example", "/we%61ther/n%6fw")).status == 200
    assert house.upstream.requests[-1].line == "GET /n%6fw HTTP/1.1"
    assert house.verifier.requests[-1].api == "weather"


async def test_a_trusted_proxy_tells_the_host_and_the_path_leads_below_it(
    house: House,
) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8",))
    told = "X-Forwarded-Host: some.example"
    assert (await get(house, "gateway:8080", "/maps/x", told)).status == 200
    assert house.upstream.requests[-1].line == "GET /base/x HTTP/1.1"


async def test_pages_are_answered_for_the_api_behind_the_prefix(house: House) -> None:
    """A preflight brings no key: the path alone tells which API's pages they are."""
    shared = Prefixes("some.example", (("/own", "own-pages"), ("", "weather")))
    house.verifier.host_slugs = {"some.example": shared}
    await house.start()
    preflight = (
        "OPTIONS {} HTTP/1.1\r\nHost: some.example\r\nOrigin: https://shop.example\r\n"
        "Access-Control-Request-Method: GET\r\n\r\n"
    )
    answer = await house.ask(preflight.format("/own/x").encode())
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert (await house.ask(preflight.format("/x").encode())).status != 204

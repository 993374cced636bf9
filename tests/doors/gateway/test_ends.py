"""Callers hear of the end of what they hold: Deprecation (RFC 9745), Sunset (RFC 8594)."""

import json

import pytest

from keyhouse.core.quotas import FOREVER_US
from keyhouse.core.records import SecretRecord
from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, MANAGER, NOW_US, key_record
from tests.doors.gateway.wire import Answer

DAY_US = 86_400 * 1_000_000
DEPRECATED = "@1759999940"
SUNSET = "Fri, 10 Oct 2025 08:53:20 GMT"
UPSTREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ndeprecation: @1\r\n"
    b"SUNSET: Sat, 01 Jan 2000 00:00:00 GMT\r\nX-Other: 1\r\n\r\nok"
)


@pytest.fixture
def replaced(house: House) -> None:
    house.verifier.secrets[KEY] = SecretRecord(
        "sec_1", 1, 0, NOW_US + DAY_US, False, NOW_US - 60_000_000
    )


async def call(house: House, path: str = "/weather/now", *, times: int = 1) -> Answer:
    client = await house.client()
    head = f"GET {path} HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n"
    for _ in range(times):
        client.send(head.encode())
        answer = await client.answer()
    return answer


def lines(answer: Answer, name: bytes) -> list[bytes]:
    found = answer.head.lower().split(b"\r\n")
    return [one for one in found if one.startswith(name + b":")]


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("times", [1, 3])
async def test_a_replaced_secret_is_told_its_end(house: House, times: int) -> None:
    await house.start()
    answer = await call(house, times=times)
    assert answer.status == 200
    assert answer.headers["deprecation"] == DEPRECATED
    assert answer.headers["sunset"] == SUNSET


@pytest.mark.usefixtures("replaced")
async def test_ours_take_the_place_of_the_upstreams_own(house: House) -> None:
    """Two of one name would be read as one that means nothing."""
    await house.start()
    house.upstream.reply(UPSTREAM)
    answer = await call(house)
    assert lines(answer, b"deprecation") == [b"deprecation: " + DEPRECATED.encode()]
    assert lines(answer, b"sunset") == [b"sunset: " + SUNSET.lower().encode()]
    assert answer.headers["x-other"] == "1"
    assert answer.body == b"ok"


async def test_without_an_end_of_ours_the_upstreams_own_go_on(house: House) -> None:
    await house.start()
    house.upstream.reply(UPSTREAM)
    answer = await call(house)
    assert answer.headers["deprecation"] == "@1"
    assert answer.headers["sunset"] == "Sat, 01 Jan 2000 00:00:00 GMT"


async def test_a_key_that_ends_soon_says_so_and_leaves_the_rest(house: House) -> None:
    house.verifier.keys[KEY] = key_record("one", ends_us=NOW_US + DAY_US)
    await house.start()
    house.upstream.reply(UPSTREAM)
    answer = await call(house)
    assert answer.headers["sunset"] == SUNSET
    assert answer.headers["deprecation"] == "@1"


async def test_a_key_that_ends_late_says_nothing_yet(house: House) -> None:
    house.verifier.keys[KEY] = key_record("one", ends_us=NOW_US + 31 * DAY_US)
    await house.start()
    assert "sunset" not in (await call(house)).headers


async def test_one_without_a_set_end_is_deprecated_alone(house: House) -> None:
    house.verifier.secrets[KEY] = SecretRecord(
        "sec_1", 1, 0, FOREVER_US, False, NOW_US - 60_000_000
    )
    await house.start()
    headers = (await call(house)).headers
    assert headers["deprecation"] == DEPRECATED
    assert "sunset" not in headers


@pytest.mark.usefixtures("replaced")
async def test_forward_auth_tells_it_too(house: House) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8",))
    answer = await call(house, "/.keyhouse/v1/authorize?api=weather")
    assert answer.status == 200
    assert answer.headers["deprecation"] == DEPRECATED
    assert answer.headers["sunset"] == SUNSET


@pytest.mark.usefixtures("replaced")
async def test_verify_tells_it_in_its_answer(house: House) -> None:
    await house.start()
    data = json.dumps({"api": "weather", "secret": KEY.decode()})
    head = (
        f"POST /.keyhouse/v1/verify HTTP/1.1\r\nHost: a\r\nContent-Length: {len(data)}\r\n"
        f"Authorization: Bearer {MANAGER.decode()}\r\n\r\n"
    )
    told = json.loads((await house.ask((head + data).encode())).body)
    assert told["deprecated_at"] == "2025-10-09T08:52:20Z"
    assert told["sunset"] == "2025-10-10T08:53:20Z"


@pytest.mark.usefixtures("replaced")
async def test_a_refusal_of_a_good_secret_tells_it(house: House) -> None:
    house.verifier.keys[KEY] = key_record("one", grants=())
    await house.start()
    answer = await call(house)
    assert answer.status == 403
    assert answer.headers["sunset"] == SUNSET

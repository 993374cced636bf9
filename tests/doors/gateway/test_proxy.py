"""The way of a request through the gateway and back."""

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY, LIMITED

GET = b"GET /weather/v1/now?city=x HTTP/1.1\r\nHost: api.test\r\nX-API-Key: " + KEY + b"\r\n\r\n"


async def test_a_caller_with_a_key_gets_the_upstreams_answer(house: House) -> None:
    await house.start()
    answer = await house.ask(GET)
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["keyhouse-request-id"].startswith("req_")
    [request] = house.upstream.requests
    assert request.line == "GET /v1/now?city=x HTTP/1.1"
    print(request.head, answer.head)

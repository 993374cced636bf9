"""The way of a request to the upstream, and of its answer back."""

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.doubles import KEY
from tests.doors.gateway.wire import Link, ok


def get(path: str = "/weather/now", *headers: str, method: str = "GET") -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return (
        f"{method} {path} HTTP/1.1\r\nHost: api.test\r\n"
        f"X-API-Key: {KEY.decode()}\r\n{lines}\r\n"
    ).encode("latin-1")


async def test_a_caller_with_a_key_gets_the_upstreams_answer(house: House) -> None:
    await house.start()
    answer = await house.ask(get("/weather/v1/now?city=x"))
    assert (answer.status, answer.body) == (200, b"hello")
    [request] = house.upstream.requests
    assert request.line == "GET /v1/now?city=x HTTP/1.1"
    assert request.headers["host"] == f"127.0.0.1:{house.upstream.port}"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("/weather", "GET / HTTP/1.1"),
        ("/weather?a=/b", "GET /?a=/b HTTP/1.1"),
        ("/weather/", "GET / HTTP/1.1"),
        ("/based/x", "GET /base/x HTTP/1.1"),
        ("/based", "GET /base/ HTTP/1.1"),
        ("/weather/a%20b?q=%2F", "GET /a%20b?q=%2F HTTP/1.1"),
    ],
)
async def test_the_slug_is_cut_off_and_the_rest_kept(
    house: House, target: str, line: str
) -> None:
    await house.start()
    assert (await house.ask(get(target))).status == 200
    assert house.upstream.requests[0].line == line


async def test_the_upstream_is_told_who_calls(house: House) -> None:
    await house.start()
    answer = await house.ask(get())
    headers = house.upstream.requests[0].headers
    told = {name: value for name, value in headers.items() if name.startswith("keyhouse-")}
    assert told == {
        "keyhouse-key-id": "key_one",
        "keyhouse-application": "app_1",
        "keyhouse-customer": "cust-%C3%BC",
        "keyhouse-subject": "",
        "keyhouse-environment": "test",
        "keyhouse-scopes": "a:b forecast:read",
        "keyhouse-request-id": answer.headers["keyhouse-request-id"],
    }


@pytest.mark.parametrize(
    "forged",
    [
        "Keyhouse-Key-Id",
        "KEYHOUSE-SCOPES",
        "keyhouse_customer",
        "Keyhouse.Subject",
        "keyhouse-anything",
        "X-Forwarded-For",
        "x_forwarded_for",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Forwarded-User",
        "x-forwarded-groups",
        "X_Forwarded_Email",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-Uri",
        "X-Real-IP",
        "Forwarded",
        "Proxy",
        "content_length",
        "transfer_encoding",
    ],
)
async def test_nobody_can_claim_to_be_somebody_else(house: House, forged: str) -> None:
    await house.start()
    answer = await house.ask(get("/weather/x", f"{forged}: forged", "X-Kept: kept"))
    assert answer.status == 200
    [request] = house.upstream.requests
    assert b"forged" not in request.head
    assert request.headers["x-kept"] == "kept"
    assert request.headers["x-forwarded-for"] == "127.0.0.1"
    assert request.headers["x-forwarded-proto"] == "http"
    assert request.headers["x-forwarded-host"] == "api.test"


async def test_a_claim_stays_away_from_the_upstream_when_the_head_comes_again(
    house: House,
) -> None:
    await house.start()
    client = await house.client()
    for user in ("forged-1", "forged-1", "forged-2"):
        client.send(get("/weather/x", f"X-Forwarded-User: {user}", "X-Kept: kept"))
        assert (await client.answer()).status == 200
    for request in house.upstream.requests:
        assert b"forged" not in request.head
        assert request.headers["x-kept"] == "kept"


async def test_hop_by_hop_headers_end_here(house: House) -> None:
    await house.start()
    await house.ask(
        get(
            "/weather/x",
            "Connection: keep-alive, X-Mine",
            "X-Mine: 1",
            "Keep-Alive: 5",
            "TE: trailers",
            "Proxy-Authorization: Basic eA==",
            "X-Other: 2",
        )
    )
    headers = house.upstream.requests[0].headers
    assert headers["x-other"] == "2"
    gone = {"connection", "x-mine", "keep-alive", "te", "proxy-authorization"}
    assert not gone & headers.keys()


async def test_a_trusted_proxy_is_believed_and_others_are_not(house: House) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8", "10.0.0.0/8"))
    chain = "198.51.100.1, 203.0.113.7, 10.1.2.3"
    await house.ask(
        get(
            "/weather/x",
            f"X-Forwarded-For: {chain}",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: public.test",
        )
    )
    headers = house.upstream.requests[0].headers
    assert headers["x-forwarded-for"] == f"{chain}, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"] == "public.test"
    assert house.verifier.requests[0].tls
    assert house.verifier.requests[0].address == 0xFFFF_CB00_7107  # 203.0.113.7


async def test_a_trusted_proxys_forwarded_is_believed_and_goes_no_further(
    house: House,
) -> None:
    await house.start(trusted_proxies=("127.0.0.0/8", "10.0.0.0/8"))
    told = 'for=198.51.100.1, for="203.0.113.7:80";proto=https', "for=10.1.2.3"
    await house.ask(get("/weather/x", *(f"Forwarded: {one}" for one in told)))
    headers = house.upstream.requests[0].headers
    assert headers["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert "forwarded" not in headers
    assert house.verifier.requests[0].tls
    assert house.verifier.requests[0].address == 0xFFFF_CB00_7107  # 203.0.113.7


async def test_a_strangers_forwarded_is_dropped(house: House) -> None:
    await house.start()
    await house.ask(get("/weather/x", "Forwarded: for=203.0.113.7;proto=https"))
    headers = house.upstream.requests[0].headers
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert "forwarded" not in headers
    assert not house.verifier.requests[0].tls
    assert house.verifier.requests[0].address == 0xFFFF_7F00_0001


async def test_answers_tell_nothing_of_what_stands_behind(house: House) -> None:
    await house.start()
    house.upstream.reply(
        ok(
            b"x",
            "Server: nginx",
            "X-Powered-By: php",
            "Keyhouse-Request-Id: forged",
            "RateLimit: forged",
            "Connection: X-Hop",
            "X-Hop: 1",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
        )
    )
    answer = await house.ask(get())
    assert b"forged" not in answer.head
    assert not {"server", "x-powered-by", "x-hop"} & answer.headers.keys()
    assert answer.head.count(b"Set-Cookie") == 2


async def test_a_connection_serves_one_request_after_the_other(house: House) -> None:
    await house.start()
    client = await house.client()
    for _ in range(3):
        client.send(get())
        assert (await client.answer()).status == 200
    assert house.upstream.connections == 1


async def test_a_caller_may_end_its_connection_with_a_request(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(get("/weather/x", "Connection: close"))
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await client.rest() == b""


async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    await house.start()

    async def echo(link: Link) -> None:
        while True:
            request = await house.upstream.note(link)
            link.send(ok(request.line.encode() + request.body))

    house.upstream.play = echo
    client = await house.client()
    post = get("/weather/p", "Content-Length: 3", method="POST") + b"abc"
    bad = b"GET /nowhere/x HTTP/1.1\r\nHost: a\r\n\r\n"
    client.send(b"".join(get(f"/weather/{n}") for n in range(40)) + bad + post + get())
    for n in range(40):
        assert (await client.answer()).body == b"GET /%d HTTP/1.1" % n
    assert (await client.answer()).status == 404
    assert (await client.answer()).body == b"POST /p HTTP/1.1abc"
    assert (await client.answer()).body == b"GET /now HTTP/1.1"


async def test_a_batch_of_thousands_neither_drowns_nor_mixes_up(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(b"GET /nowhere/x HTTP/1.1\r\nHost: a\r\n\r\n" * 5000)
    for _ in range(5000):
        assert (await client.answer()).status == 404


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_body_do_not_swallow_the_next_one(
    house: House, status: int
) -> None:
    await house.start()
    length = "Content-Length: 5\r\n" if status == 304 else ""
    house.upstream.reply(f"HTTP/1.1 {status} X\r\n{length}ETag: x\r\n\r\n".encode())
    client = await house.client()
    for _ in range(3):
        client.send(get())
        answer = await client.answer()
        assert (answer.status, answer.headers["etag"]) == (status, "x")
    assert house.upstream.connections == 1


async def test_head_does_not_swallow_the_next_answer(house: House) -> None:
    """A response parser takes what follows an answer to HEAD for its body."""
    await house.start()

    async def play(link: Link) -> None:
        while True:
            request = await house.upstream.note(link)
            whole = ok(b"hello")
            is_head = request.line.startswith("HEAD")
            link.send(whole[:-5] if is_head else whole)

    house.upstream.play = play
    client = await house.client()
    for _ in range(3):
        client.send(get(method="HEAD"))
        answer = await client.answer(is_head=True)
        assert answer.headers["content-length"] == "5"
        client.send(get())
        assert (await client.answer()).body == b"hello"
    assert house.upstream.connections == 1


async def test_a_body_that_ends_with_the_connection_is_chunked(house: House) -> None:
    await house.start()
    house.upstream.reply(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", end=True)
    client = await house.client()
    for _ in range(2):
        client.send(get())
        answer = await client.answer()
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.body == b"until the end"


async def test_chunked_answers_pass_without_their_trailers(house: House) -> None:
    await house.start()
    house.upstream.reply(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nKeyhouse-Request-Id: t\r\n\r\n"
    )
    client = await house.client()
    for _ in range(2):
        client.send(get())
        assert (await client.answer()).body == b"abcde"
    assert house.upstream.connections == 1


@pytest.mark.parametrize("framing", ["length", "chunked", "eof"])
async def test_http_1_0_gets_no_chunks(house: House, framing: str) -> None:
    await house.start()
    if framing == "chunked":
        house.upstream.reply(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )
    elif framing == "eof":
        house.upstream.reply(b"HTTP/1.1 200 OK\r\n\r\nhello", end=True)
    client = await house.client()
    client.send(b"GET /weather/x HTTP/1.0\r\nX-API-Key: " + KEY + b"\r\n\r\n")
    answer = await client.answer()
    assert answer.body == b"hello"
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_http_1_0_may_keep_its_connection(house: House) -> None:
    await house.start()
    client = await house.client()
    for _ in range(2):
        client.send(
            b"GET /weather/x HTTP/1.0\r\nConnection: keep-alive\r\nX-API-Key: "
            + KEY
            + b"\r\n\r\n"
        )
        answer = await client.answer()
        assert answer.headers["connection"] == "keep-alive"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_bodies_reach_the_upstream(house: House, method: str) -> None:
    await house.start()
    client = await house.client()
    client.send(get("/weather/x", "Content-Length: 4", method=method) + b"body")
    assert (await client.answer()).body == b"body"
    client.send(
        get("/weather/x", "Transfer-Encoding: chunked", method=method)
        + b"2\r\nbo\r\n2\r\ndy\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    assert (await client.answer()).body == b"body"
    assert "x-trailer" not in house.upstream.requests[1].headers
    assert house.upstream.requests[0].line == f"{method} /x HTTP/1.1"


async def test_an_expectation_is_the_upstreams_to_meet(house: House) -> None:
    await house.start()

    async def play(link: Link) -> None:
        head = await link.head()
        assert b"Expect: 100-continue\r\n" in head
        link.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        link.send(ok(await link.body(head)))

    house.upstream.play = play
    client = await house.client()
    client.send(
        get("/weather/x", "Expect: 100-continue", "Content-Length: 4", method="POST")
    )
    assert (await client.answer()).status == 100
    client.send(b"body")
    assert (await client.answer()).body == b"body"


async def test_a_refused_expectation_costs_no_body(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(
        b"POST /weather/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        b"Content-Length: 1000\r\n\r\n"
    )
    answer = await client.answer()
    assert (answer.status, answer.headers["connection"]) == (401, "close")
    assert await client.rest() == b""


async def test_early_hints_pass_and_unasked_continues_do_not(house: House) -> None:
    await house.start()
    house.upstream.reply(
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nServer: x\r\n\r\n" + ok(b"done")
    )
    client = await house.client()
    for _ in range(2):
        client.send(get())
        hints = await client.answer()
        assert (hints.status, hints.headers) == (103, {"link": "</a>"})
        assert (await client.answer()).body == b"done"
    assert house.upstream.connections == 1


async def test_a_caller_that_sends_no_more_still_gets_its_answer(house: House) -> None:
    await house.start()
    client = await house.client()
    client.send(get() + get())
    client.writer.write_eof()
    assert (await client.answer()).body == b"hello"
    assert (await client.answer()).body == b"hello"
    assert await client.rest() == b""


async def test_decisions_that_have_to_wait_change_nothing(house: House) -> None:
    await house.start()
    house.verifier.pending = True
    client = await house.client()
    client.send(get("/weather/x", "Content-Length: 4", method="POST") + b"body" + get())
    assert (await client.answer()).body == b"body"
    assert (await client.answer()).body == b"hello"


async def test_each_exchange_is_counted_with_its_end(house: House) -> None:
    await house.start()
    await house.ask(
        get("/weather/x?secret=1", "Content-Length: 4", method="POST") + b"body"
    )
    [served], [completed] = house.meter.served_rows, house.meter.completed_rows
    assert served["path"] == "/weather/x"
    assert (served["method"], served["code"]) == ("POST", "valid")
    assert served["address"] == 0xFFFF_7F00_0001
    assert completed["status"] == 200
    assert (completed["bytes_in"], completed["bytes_out"]) == (4, 4)
    assert 0 < completed["latency_us"] < 5_000_000
    assert served["id"] == completed["id"]


async def test_the_host_of_an_absolute_address_counts(house: House) -> None:
    """Also for the next request, which has but Host (RFC 9112, 3.2.2)."""
    await house.start()
    client = await house.client()
    for target, host in (
        ("http://other.test:8080/weather/now", "other.test:8080"),
        ("/weather/now", "api.test"),
        ("/weather/now", "api.test"),
        ("http://third.test/weather/now", "third.test"),
    ):
        client.send(get(target))
        assert (await client.answer()).status == 200
        received = house.upstream.requests[-1]
        assert received.line == "GET /now HTTP/1.1"
        assert received.headers["x-forwarded-host"] == host
        assert received.headers["host"] == f"127.0.0.1:{house.upstream.port}"

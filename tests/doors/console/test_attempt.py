"""A call to try an API: what may be sent, where to, and what is told of the answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from keyhouse.core.entities import Api, Environment, KeyKind
from keyhouse.core.secret import mint
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.apis import attempt
from keyhouse.doors.console.apis.attempt import (
    Attempt,
    NoAnswer,
    Outcome,
    read_attempt,
    readable,
    send,
)

API = Api(
    id="api_1",
    organization_id="org_1",
    project_id="prj_1",
    slug="weather",
    name="Weather",
    key_header="X-Weather-Key",
    created_at=0,
    updated_at=0,
)
REFUSAL = b'{"type": "urn:keyhouse:problem:rate_limited", "status": 429}'


class Gateway:
    """Hears one request a connection and answers as it is told."""

    def __init__(self) -> None:
        self.heard = b""
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        self.heard = await reader.readuntil(b"\r\n\r\n")
        out.write(self.answer)
        if self.answer:
            out.close()
        else:
            await reader.read()
            out.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    await server.wait_closed()


def answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    length = f"Content-Length: {len(body)}"
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines, length, "", ""))
    return head.encode() + body


async def test_the_key_goes_in_the_header_that_the_api_takes(gateway: Gateway) -> None:
    outcome = await send(gateway.url, API, Attempt(path="/now?city=Ulm", secret="abc"))
    assert isinstance(outcome, Outcome)
    assert outcome.status == 200
    assert gateway.heard.startswith(b"GET /weather/now?city=Ulm HTTP/1.1\r\n")
    assert b"X-Weather-Key: abc\r\n" in gateway.heard


async def test_a_refusal_is_known_by_its_verdict(gateway: Gateway) -> None:
    gateway.answer = answer(REFUSAL, status="429 Too Many Requests")
    outcome = await send(gateway.url, API, Attempt())
    assert isinstance(outcome, Outcome)
    assert outcome.verdict is Verdict.RATE_LIMITED


async def test_a_long_answer_is_cut(gateway: Gateway) -> None:
    gateway.answer = answer(b"x" * 300_000)
    outcome = await send(gateway.url, API, Attempt())
    assert isinstance(outcome, Outcome)
    assert outcome.is_cut
    assert len(outcome.body) == attempt.BODY_SHOWN_MAX


async def test_a_redirect_is_shown_and_not_followed(gateway: Gateway) -> None:
    gateway.answer = answer(b"", "Location: http://192.0.2.1/", status="302 Found")
    outcome = await send(gateway.url, API, Attempt())
    assert isinstance(outcome, Outcome)
    assert outcome.status == 302


async def test_a_gateway_that_is_silent_or_away_is_told(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "SECONDS_MAX", 0.1)
    gateway.answer = b""
    assert isinstance(await send(gateway.url, API, Attempt()), NoAnswer)
    assert isinstance(await send("http://127.0.0.1:1", API, Attempt()), NoAnswer)


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/../x", "@evil.example/", "/a b", "/ä", "/x#y", "/%2e%2e/x", "x"],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    _, problems = read_attempt({"path": path})
    assert [problem.field for problem in problems] == ["path"]


def test_a_key_in_the_path_is_refused_before_it_reaches_a_log() -> None:
    secret = mint("kh", KeyKind.SERVER, Environment.TEST, bytes(32)).reveal()
    _, problems = read_attempt({"path": f"/now?key={secret}"})
    assert problems[0].reason == "holds a key"
    assert secret not in repr(Attempt(secret=secret))


def test_what_cannot_be_sent_is_told_by_field() -> None:
    form = {"method": "BREW", "secret": "a\r\nb", "body": "x" * 70_000}
    _, problems = read_attempt(form)
    assert [problem.field for problem in problems] == ["method", "secret", "body"]


def outcome(body: bytes, **fields: object) -> Outcome:
    plain = Outcome(200, "OK", 1, (), "", body, is_cut=False, verdict=None)
    return plain._replace(**fields)  # type: ignore[arg-type] # fields by name


def test_json_is_indented_and_what_is_no_text_is_not_shown() -> None:
    assert readable(outcome(b'{"a":1}')) == '{\n  "a": 1\n}'
    assert readable(outcome("grüß".encode())) == "grüß"
    assert readable(outcome(b"\xff\xfe")) is None
    assert readable(outcome("ü".encode()[:1], is_cut=True)) == ""
    assert readable(outcome(b"[" * 60_000)) is not None

"""The guard around a whole ASGI application: told, counted once, and in nobody's way."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from keyhouse import Keyhouse
from keyhouse.asgi import KeyhouseMiddleware
from keyhouse.core.entities import Limit, LimitKind
from keyhouse.core.secret import Secret
from tests.doors.guard.installation import Installation

MINUTE = Limit(name="minute", kind=LimitKind.RATE, amount=1, period_seconds=60)
Message = dict[str, Any]


class Wire:
    """A server's side of one connection, for what no client library does."""

    def __init__(self, kind: str, path: str, secret: Secret | None, **more: Any) -> None:
        headers = [(b"host", b"a"), (b"cookie", b"c=1")]
        if secret is not None:
            headers.append((b"x-api-key", secret.reveal().encode()))
        self.scope: Message = {
            "type": kind,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "client": ("198.51.100.7", 5000),
            "scheme": "http" if kind == "http" else "ws",
            **({"method": "GET"} if kind == "http" else {}),
            **more,
        }
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    def headers(self) -> dict[str, str]:
        found = self.sent[0]["headers"]
        return {name.decode(): value.decode() for name, value in found}

    async def through(self, app: Any) -> None:
        await app(self.scope, self.incoming.get, self.send)


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers with what it was told, and has no lifespan."""
    if scope["type"] == "websocket":
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "headers": [(b"x-own", b"1")]})
        await receive()
        return
    assert scope["type"] == "http"
    who = scope.get("state", {}).get("keyhouse")
    told = {"who": who and who.application.name, "headers": len(scope["headers"])}
    start = {"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]}
    await send(start)
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


@asynccontextmanager
async def guarded(
    installation: Installation, app: Any = plain, **options: Any
) -> AsyncIterator[KeyhouseMiddleware]:
    kh = Keyhouse.from_env(installation.environ)
    async with kh.running():
        yield KeyhouseMiddleware(app, kh, api="weather", **options)


def logged(installation: Installation) -> list[tuple[str, int | None]]:
    """Path and status of each request that was counted, the oldest first."""
    log = installation.database.reports.requests(
        installation.organization_id, after=None, limit=50, equals={}
    )
    return [(row.path, row.status) for row in reversed(log.rows)]


async def test_what_passes_reaches_the_application_whole(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read", limits=(MINUTE,))
    wire = Wire("http", "/a", key)
    before = list(wire.scope["headers"])
    async with guarded(installation, scopes=["forecast:read"]) as app:
        await wire.through(app)
    assert wire.scope["headers"] == before
    assert json.loads(wire.sent[1]["body"]) == {"who": "caller", "headers": 3}
    headers = wire.headers()
    assert headers["x-own"] == "1"
    assert headers["keyhouse-request-id"].startswith("req_")
    assert headers["ratelimit"].startswith('"minute";r=0')
    assert headers["ratelimit-policy"] == '"minute";q=1;w=60'
    assert logged(installation) == [("/a", 200)]


async def test_what_does_not_pass_is_told_as_at_every_door(
    installation: Installation,
) -> None:
    key = installation.add_key("other:read", limits=(MINUTE,))
    reached: list[str] = []

    async def never(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async with guarded(installation, never, scopes=["forecast:read"]) as app:
        missing, lacking = Wire("http", "/a", None), Wire("http", "/b", key)
        await missing.through(app)
        await lacking.through(app)
    assert missing.sent[0]["status"] == 401
    assert json.loads(missing.sent[1]["body"])["code"] == "missing"
    assert missing.headers()["content-type"] == "application/problem+json"
    assert missing.headers()["www-authenticate"].startswith("Bearer")
    assert missing.headers()["content-length"] == str(len(missing.sent[1]["body"]))
    assert json.loads(lacking.sent[1]["body"])["scopes_missing"] == ["forecast:read"]
    assert reached == []
    assert logged(installation) == [("/a", 401), ("/b", 403)]


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/health", True),
        ("/docs/a/b", True),
        ("/%68ealth", True),
        ("/health/", False),
        ("/healthy", False),
        ("/docs/../admin", False),
        ("/docs/%2e%2e/admin", False),
        ("/docs/..%2fadmin", False),
        ("/docs//admin", False),
        ("/docs;/admin", False),
        ("/admin", False),
    ],
)
async def test_only_paths_with_one_reading_can_be_open(
    installation: Installation, path: str, is_open: bool
) -> None:
    from urllib.parse import unquote

    wire = Wire("http", unquote(path), None, raw_path=path.encode())
    async with guarded(installation, exclude=["/health", "/docs/**"]) as app:
        await wire.through(app)
    assert wire.sent[0]["status"] == (200 if is_open else 401)
    assert len(logged(installation)) == (0 if is_open else 1)


async def test_a_path_that_somebody_rewrote_is_not_open(installation: Installation) -> None:
    """What the application routes by must be what was looked at."""
    wire = Wire("http", "/admin", None, raw_path=b"/health")
    async with guarded(installation, exclude=["/health"]) as app:
        await wire.through(app)
    assert wire.sent[0]["status"] == 401


@pytest.mark.parametrize(
    "option", [{"cost": -1}, {"exclude": ["health"]}, {"scopes": ["x"]}]
)
async def test_options_that_cannot_be_meant_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is at least|does not begin|is no"):
        KeyhouseMiddleware(plain, Keyhouse.from_env({}), api="weather", **option)


async def test_an_unknown_kind_of_connection_is_let_nowhere(
    installation: Installation,
) -> None:
    async with guarded(installation) as app:
        with pytest.raises(ValueError, match="webtransport"):
            await Wire("webtransport", "/", None).through(app)


# -- WebSockets -------------------------------------------------------------------


async def test_a_websocket_is_let_in_and_counted_when_it_ends(
    installation: Installation,
) -> None:
    wire = Wire("websocket", "/live", installation.add_key())
    async with guarded(installation) as app:
        running = asyncio.ensure_future(wire.through(app))
        await wire.incoming.put({"type": "websocket.connect"})
        async with asyncio.timeout(5):
            while not wire.sent:  # noqa: ASYNC110 - the double has no event
                await asyncio.sleep(0.001)
        assert wire.sent[0]["type"] == "websocket.accept"
        assert wire.headers()["x-own"] == "1"
        assert wire.headers()["keyhouse-request-id"].startswith("req_")
        await wire.incoming.put({"type": "websocket.disconnect", "code": 1000})
        await running
    assert logged(installation) == [("/live", 101)]


@pytest.mark.parametrize("can_tell", [True, False])
async def test_a_websocket_is_refused_before_its_handshake(
    installation: Installation, can_tell: bool
) -> None:
    extensions: Message = {"websocket.http.response": {}} if can_tell else {}
    wire = Wire("websocket", "/live", None, extensions=extensions)
    await wire.incoming.put({"type": "websocket.connect"})
    async with guarded(installation) as app:
        await wire.through(app)
    if can_tell:
        start, body = wire.sent
        assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
        assert body["type"] == "websocket.http.response.body"
        assert json.loads(body["body"])["code"] == "missing"
    else:
        (close,) = wire.sent
        assert close["type"] == "websocket.close"
    assert logged(installation) == [("/live", 401 if can_tell else 403)]


async def test_a_websocket_that_the_application_refuses_is_counted_so(
    installation: Installation,
) -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 1008})

    wire = Wire("websocket", "/live", installation.add_key())
    async with guarded(installation, refuses) as app:
        await wire.through(app)
    assert logged(installation) == [("/live", 403)]


# -- how it ends --------------------------------------------------------------------


async def streams(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 206, "headers": []})
    for _ in range(3):
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
    if scope["path"] == "/breaks":
        raise RuntimeError("half-way")
    if scope["path"] == "/hangs":
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": b""})
    if scope["path"] == "/works-on":
        raise RuntimeError("after the answer")


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("before the answer")


@pytest.mark.parametrize(
    ("app", "path", "status"),
    [
        (streams, "/whole", 206),
        (streams, "/breaks", 206),
        (streams, "/works-on", 206),
        (raises, "/fails", 500),
    ],
)
async def test_an_answer_is_counted_once_however_it_ends(
    installation: Installation, app: Any, path: str, status: int
) -> None:
    wire = Wire("http", path, installation.add_key())
    async with guarded(installation, app) as guard:
        try:
            await wire.through(guard)
        except RuntimeError:
            assert path != "/whole"
    assert logged(installation) == [(path, status)]


async def test_a_caller_who_leaves_is_counted_once(installation: Installation) -> None:
    wire = Wire("http", "/hangs", installation.add_key())
    async with guarded(installation, streams) as app:
        running = asyncio.ensure_future(wire.through(app))
        async with asyncio.timeout(5):
            while len(wire.sent) < 4:  # noqa: ASYNC110 - the double has no event
                await asyncio.sleep(0.001)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert logged(installation) == [("/hangs", 206)]


async def test_pieces_of_a_stream_are_not_held_back(installation: Installation) -> None:
    wire = Wire("http", "/whole", installation.add_key())
    async with guarded(installation, streams) as app:
        await wire.through(app)
    assert [one.get("body") for one in wire.sent] == [None, b"x", b"x", b"x", b""]


# -- frameworks ---------------------------------------------------------------------


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.state.keyhouse.application.name)


async def slowly(_request: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return StreamingResponse(pieces(), background=BackgroundTask(asyncio.sleep, 0))


def of_starlette(kh: Keyhouse) -> Any:
    routes = [Route("/hello", hello), Route("/slowly", slowly)]
    return Starlette(
        routes=routes, middleware=[Middleware(KeyhouseMiddleware, kh=kh, api="weather")]
    )


def of_fastapi(kh: Keyhouse) -> Any:
    app = FastAPI(lifespan=kh.lifespan)
    app.add_route("/hello", hello)
    app.add_route("/slowly", slowly)
    app.add_middleware(KeyhouseMiddleware, kh=kh, api="weather")
    return app


@asynccontextmanager
async def lived(app: Any) -> AsyncIterator[list[str]]:
    """A server that runs an application from its start to its end."""
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    told: list[str] = []
    started = asyncio.Event()

    async def send(message: Any) -> None:
        told.append(message["type"])
        started.set()

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    running = asyncio.ensure_future(app(scope, incoming.get, send))
    await incoming.put({"type": "lifespan.startup"})
    async with asyncio.timeout(20):
        await started.wait()
    try:
        yield told
    finally:
        await incoming.put({"type": "lifespan.shutdown"})
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("build", [of_starlette, of_fastapi])
async def test_a_whole_program_lives_and_ends_with_it(
    installation: Installation, build: Callable[[Keyhouse], Any]
) -> None:
    kh = Keyhouse.from_env(installation.environ)
    app = build(kh)
    transport = httpx.ASGITransport(app)
    headers = {"X-API-Key": installation.add_key().reveal()}
    async with (
        lived(app) as told,
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        assert (await client.get("/hello", headers=headers)).text == "caller"
        assert (await client.get("/slowly", headers=headers)).text == "ab"
        assert (await client.get("/nowhere", headers=headers)).status_code == 404
        assert (await client.get("/hello")).status_code == 401
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert [status for _, status in logged(installation)] == [200, 200, 404, 401]
    with pytest.raises(RuntimeError, match="not running"):
        _ = kh.plane


async def returns_at_once(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":
        await plain(scope, receive, send)


@pytest.mark.parametrize("app", [plain, returns_at_once])
async def test_an_application_without_a_lifespan_gets_keyhouse_all_the_same(
    installation: Installation, app: Any
) -> None:
    kh = Keyhouse.from_env(installation.environ)
    guard = KeyhouseMiddleware(app, kh, api="weather")
    wire = Wire("http", "/a", installation.add_key())
    async with lived(guard) as told:
        await wire.through(guard)
    assert wire.sent[0]["status"] == 200
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_start_that_fails_is_told_to_the_server(installation: Installation) -> None:
    (installation.folder / "keyring.json").write_text("{}")
    guard = KeyhouseMiddleware(
        plain, Keyhouse.from_env(installation.environ), api="weather"
    )
    async with lived(guard) as told:
        pass
    assert told == ["lifespan.startup.failed"]


async def test_a_failing_application_fails_as_it_would_alone(
    installation: Installation,
) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})
        raise RuntimeError("no")

    kh = Keyhouse.from_env(installation.environ)
    async with lived(KeyhouseMiddleware(fails, kh, api="weather")) as told:
        pass
    assert told == ["lifespan.startup.failed"]
    with pytest.raises(RuntimeError, match="not running"):
        _ = kh.plane

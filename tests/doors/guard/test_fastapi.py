"""The guard in a FastAPI application: the same verdicts, told as at every door."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from keyhouse import Keyhouse, Principal
from keyhouse.core.entities import (
    Alert,
    AlertKind,
    Limit,
    LimitKind,
    Restrictions,
    Window,
)
from keyhouse.core.grains import even_cuts
from keyhouse.core.secret import Secret
from keyhouse.fastapi import KeyGuard
from keyhouse.ports import UsageWanted
from keyhouse.testing import allow
from tests.doors.guard.installation import Installation

PROBLEM = "application/problem+json"


def weather(kh: Keyhouse) -> tuple[FastAPI, KeyGuard]:
    """The application that the README shows."""
    guard = KeyGuard(kh, api="weather")
    app = FastAPI(lifespan=kh.lifespan)

    @app.get("/forecast")
    async def forecast(
        who: Principal = Depends(guard("forecast:read", cost=2)),  # noqa: B008, FAST002 - as users write it
    ) -> dict[str, Any]:
        return {"application": who.application.name, "user": who.subject}

    @app.get("/broken")
    async def broken(_who: Principal = Depends(guard())) -> None:  # noqa: B008, FAST002 - as users write it
        raise HTTPException(418, "no coffee")

    return app, guard


@asynccontextmanager
async def running(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    kh = Keyhouse.from_env(installation.environ)
    app, _ = weather(kh)
    transport = httpx.ASGITransport(app, client=("198.51.100.7", 5000))
    async with (
        kh.running(),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[None]:
    """Started and ended as a server does it (ASGI, lifespan protocol)."""
    said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, said.get, told.put))
    said.put_nowait({"type": "lifespan.startup"})
    assert (await told.get())["type"] == "lifespan.startup.complete"
    yield
    said.put_nowait({"type": "lifespan.shutdown"})
    await task


def with_key(secret: Secret) -> dict[str, str]:
    return {"X-API-Key": secret.reveal()}


async def test_a_key_opens_the_route_and_the_handler_knows_who_calls(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read")
    async with running(installation) as client:
        answer = await client.get("/forecast", headers=with_key(key))
        bearer = {"Authorization": f"Bearer {key.reveal()}"}
        again = await client.get("/forecast", headers=bearer)
    assert answer.status_code == again.status_code == 200
    assert answer.json() == {"application": "caller", "user": None}
    assert answer.headers["Keyhouse-Request-Id"].startswith("req_")


async def test_refusals_are_problems_with_the_headers_that_callers_need(
    installation: Installation,
) -> None:
    narrow = installation.add_key("other:read")
    async with running(installation) as client:
        missing = await client.get("/forecast")
        garbage = await client.get("/forecast", headers={"X-API-Key": "nonsense"})
        scope = await client.get("/forecast", headers=with_key(narrow))
    assert (missing.status_code, missing.json()["code"]) == (401, "missing")
    assert missing.headers["content-type"] == PROBLEM
    assert missing.headers["WWW-Authenticate"].startswith("Bearer")
    assert (garbage.status_code, garbage.json()["code"]) == (401, "unknown")
    assert (scope.status_code, scope.json()["code"]) == (403, "scope_missing")
    assert scope.json()["scopes_missing"] == ["forecast:read"]


async def test_two_different_keys_are_refused(installation: Installation) -> None:
    one, two = installation.add_key("*"), installation.add_key("*")
    headers = {**with_key(one), "Authorization": f"Bearer {two.reveal()}"}
    async with running(installation) as client:
        answer = await client.get("/forecast", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "conflicting_credentials")


async def test_networks_limits_and_quotas_hold(installation: Installation) -> None:
    daily = Limit(name="daily", kind=LimitKind.QUOTA, amount=5, window=Window.DAY)
    minute = Limit(name="minute", kind=LimitKind.RATE, amount=2, period_seconds=60)
    far = Restrictions(networks_allowed=("203.0.113.0/24",))
    limited = installation.add_key("*", limits=(daily,))
    slow = installation.add_key("*", limits=(minute,))
    elsewhere = installation.add_key("*", restrictions=far)
    async with running(installation) as client:
        calls = [await client.get("/forecast", headers=with_key(limited)) for _ in range(3)]
        paced = [await client.get("/forecast", headers=with_key(slow)) for _ in range(2)]
        away = await client.get("/forecast", headers=with_key(elsewhere))
    assert [c.status_code for c in calls] == [200, 200, 429]
    assert calls[0].headers["RateLimit"].startswith('"daily";r=3;')
    assert calls[2].json()["code"] == "quota_exceeded"
    assert [c.status_code for c in paced] == [200, 429]
    assert 0 < int(paced[1].headers["Retry-After"]) <= 60
    assert away.json()["code"] == "ip_not_allowed"


async def test_what_was_served_is_booked_with_how_it_ended(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read")
    async with running(installation) as client:
        for _ in range(3):
            await client.get("/forecast", headers=with_key(key))
        await client.get("/broken", headers=with_key(key))
        await client.get("/forecast")
    cuts = even_cuts(0, 1 << 62, 86_400)
    wanted = UsageWanted(installation.organization_id, cuts, ["api"], {})
    rows = installation.database.reports.usage(wanted)
    counted = {row.verdict: (row.requests, row.units) for row in rows}
    assert counted["valid"] == (4, 7)
    assert counted["missing"] == (1, 0)
    log = installation.database.reports.requests(
        installation.organization_id, after=None, limit=10, equals={}
    )
    assert sorted(str(row.status) for row in log.rows) == [
        "200",
        "200",
        "200",
        "401",
        "418",
    ]


def _answering(kh: Keyhouse, guard: KeyGuard) -> FastAPI:
    """An application that answers in each of the ways that there are."""
    app = FastAPI(lifespan=kh.lifespan, dependencies=[Depends(guard())])

    @app.exception_handler(LookupError)
    async def _nothing(_request: Request, _error: Exception) -> JSONResponse:
        return JSONResponse({}, 404)

    @app.get("/full")
    async def full() -> JSONResponse:
        return JSONResponse({}, 503)

    @app.post("/made", status_code=201)
    async def made() -> None:
        return

    @app.get("/lost")
    async def lost() -> None:
        raise LookupError

    @app.get("/number")
    async def number(n: int) -> int:
        return n

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    return app


async def test_any_answer_is_noted_as_it_was_given_and_has_the_headers(
    installation: Installation,
) -> None:
    """Also what a handler answers by itself, and what an exception comes to."""
    quota = Limit(name="daily", kind=LimitKind.QUOTA, amount=50, window=Window.DAY)
    key = installation.add_key("forecast:read", limits=(quota,))
    kh = Keyhouse.from_env(installation.environ)
    guard = KeyGuard(kh, api="weather")
    app = _answering(kh, guard)
    calls = [
        ("GET", "/full", 503),
        ("POST", "/made", 201),
        ("GET", "/lost", 404),
        ("GET", "/number?n=x", 422),
        ("GET", "/number?n=1", 200),
        ("GET", "/broken", 500),
    ]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        started(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        answers = [
            await client.request(method, path, headers=with_key(key))
            for method, path, _ in calls
        ]
    for answer, (_, path, status) in zip(answers, calls, strict=True):
        assert answer.status_code == status, path
        assert len(answer.headers.get_list("Keyhouse-Request-Id")) == 1, path
        assert answer.headers["RateLimit"].startswith('"daily";r='), path
    log = installation.database.reports.requests(
        installation.organization_id, after=None, limit=10, equals={}
    )
    noted = {row.request_id: row.status for row in log.rows}
    assert [noted[one.headers["Keyhouse-Request-Id"]] for one in answers] == [
        status for _, _, status in calls
    ]


async def test_a_refusal_by_the_second_of_two_guards_tells_one_request(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read")
    kh = Keyhouse.from_env(installation.environ)
    guard = KeyGuard(kh, api="weather")
    app = FastAPI(lifespan=kh.lifespan, dependencies=[Depends(guard())])

    @app.get("/", dependencies=[Depends(guard("map:see"))])
    async def home() -> None:
        return

    transport = httpx.ASGITransport(app)
    async with (
        started(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        answer = await client.get("/", headers=with_key(key))
    assert answer.status_code == 403
    assert len(answer.headers.get_list("Keyhouse-Request-Id")) == 1
    assert answer.headers["Keyhouse-Request-Id"] == answer.json()["request_id"]


async def test_a_key_revoked_elsewhere_is_refused_at_once(
    installation: Installation,
) -> None:
    from keyhouse.core.entities import Key

    key = installation.add_key("*")
    async with running(installation) as client:
        assert (await client.get("/forecast", headers=with_key(key))).status_code == 200
        with installation.database.rows.writing() as tx:
            tx.update(tx.find(Key)[0], revoked_at=2)
        refused = 0
        for _ in range(2000):
            answer = await client.get("/forecast", headers=with_key(key))
            if answer.status_code == 401:
                refused = 1
                break
    assert refused
    assert answer.json()["code"] == "revoked"


async def test_the_documentation_offers_to_authorize() -> None:
    app, _ = weather(Keyhouse.from_env({}))
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    assert schemes["KeyhouseKey"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert schemes["KeyhouseBearer"]["scheme"] == "bearer"
    assert schemes["KeyhouseBasic"]["scheme"] == "basic"
    needed = document["paths"]["/forecast"]["get"]["security"]
    for one in ("KeyhouseKey", "KeyhouseBearer", "KeyhouseBasic"):
        assert {one: []} in needed


async def test_an_app_without_the_lifespan_is_told_how_to_mend_it() -> None:
    app, _ = weather(Keyhouse.from_env({}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        try:
            await client.get("/forecast")
        except RuntimeError as error:
            told = str(error)
    assert "lifespan=kh.lifespan" in told


async def test_users_test_their_routes_without_keys() -> None:
    """`keyhouse.testing.allow` needs no database, and scopes still count."""
    app, guard = weather(Keyhouse.from_env({}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with allow(app, guard, scopes=["forecast:read"], application="mine"):
            granted = await client.get("/forecast")
        with allow(app, guard, scopes=[]):
            refused = await client.get("/forecast")
    assert granted.json()["application"] == "mine"
    assert refused.status_code == 403
    assert refused.headers["content-type"] == PROBLEM
    assert refused.json()["code"] == "scope_missing"
    assert not app.dependency_overrides


async def test_secrets_where_they_must_not_be_are_flagged(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read")
    environ = {**installation.environ, "KEYHOUSE_GATEWAY__REQUIRE_TLS": "true"}
    async with running(installation) as client:
        page = {**with_key(key), "Origin": "https://a.example"}
        leaked = await client.get("/forecast", headers=page)
    async with Keyhouse.from_env(environ).running() as kh:
        secret = key.reveal()
        exposed = await kh.verify(secret, api="weather", address="203.0.113.7")
        over_tls = await kh.verify(secret, api="weather", tls=True)
    assert leaked.json()["code"] == "browser_not_allowed"
    assert (exposed.code, exposed.key, over_tls.code) == ("tls_required", None, "valid")
    with installation.database.rows.reading() as tx:
        alerts = {row.kind: (row.count, row.sample) for row in tx.find(Alert)}
    assert alerts == {
        AlertKind.SERVER_KEY_IN_BROWSER: (1, "https://a.example"),
        AlertKind.SECRET_OVER_PLAIN_HTTP: (1, "203.0.113.0/24"),
    }


async def test_an_id_told_beside_a_secret_must_be_its_keys(
    installation: Installation,
) -> None:
    key = installation.add_key("forecast:read").reveal()
    async with Keyhouse.from_env(installation.environ).running() as kh:
        decision = await kh.verify(key, api="weather")
        assert decision.key is not None
        own = await kh.verify(key, api="weather", key_id=decision.key.id)
        other = await kh.verify(key, api="weather", key_id="key_" + "0" * 22)
    assert (own.code, other.code) == ("valid", "unknown")


HALF = "\ud800"
"""Half a character: JSON can write it, and UTF-8 can't."""


@pytest.mark.parametrize("wrong", [HALF, f"a key {HALF}", f"\udc80{HALF}"])
async def test_half_a_character_is_no_key(installation: Installation, wrong: str) -> None:
    """Callers write what they like; none of it is a fault of the program that asks."""
    key = installation.add_key("forecast:read").reveal()
    async with Keyhouse.from_env(installation.environ).running() as kh:
        for secret in (wrong, Secret(wrong), key + wrong):
            asked = await kh.verify(secret, api="weather", path=f"/{wrong}")
            reserved = await kh.reserve(secret, 1, api="weather")
            assert asked.code == reserved.decision.code == "malformed"
        beside = await kh.verify(key, api="weather", token=wrong)
    assert beside.code == "malformed"


async def test_what_else_a_caller_tells_may_hold_half_a_character(
    installation: Installation,
) -> None:
    odd: dict[str, Any] = {
        "method": HALF,
        "path": f"/{HALF}",
        "referrer": f"https://{HALF}",
        "app": f"ios:{HALF}",
    }
    key = installation.add_key("forecast:read").reveal()
    async with Keyhouse.from_env(installation.environ).running() as kh:
        passed = await kh.verify(key, api="weather", **odd)
        page = await kh.verify(key, api="weather", origin=f"https://{HALF}")
        other = await kh.verify(key, api="weather", key_id=HALF)
        elsewhere = await kh.verify(key, api=HALF)
    assert (passed.code, page.code) == ("valid", "browser_not_allowed")
    assert (other.code, elsewhere.code) == ("unknown", "api_not_allowed")
    log = installation.database.reports.requests(
        installation.organization_id, after=None, limit=10, equals={}
    )
    assert "/?" in [row.path for row in log.rows]


async def test_a_key_in_the_address_is_not_written_down(installation: Installation) -> None:
    key = installation.add_key("forecast:read")

    async with Keyhouse.from_env(installation.environ).running() as kh:
        await kh.verify(key.reveal(), api="weather", path=f"/by/{key.reveal()}")
    log = installation.database.reports.requests(
        installation.organization_id, after=None, limit=10, equals={}
    )
    assert [row.path for row in log.rows] == ["/by/…"]


async def test_either_of_two_scopes_is_enough_in_earnest_and_in_tests(
    installation: Installation,
) -> None:
    kh = Keyhouse.from_env(installation.environ)
    guard = KeyGuard(kh, api="weather")
    app = FastAPI()
    either = guard("forecast:read|forecast:admin", "map:see")

    @app.get("/")
    async def home(_who: Principal = Depends(either)) -> None:  # noqa: B008, FAST002 - as users write it
        return

    keys = [
        installation.add_key("forecast:admin", "*:see"),
        installation.add_key("map:*"),
    ]
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        async with kh.running():
            earnest = [await client.get("/", headers=with_key(key)) for key in keys]
        tests = []
        for scopes in (["forecast:admin", "*:see"], ["map:*"]):
            with allow(app, guard, scopes=scopes):
                tests.append(await client.get("/"))
    for good, bad in (earnest, tests):
        assert good.status_code == 200
        assert bad.status_code == 403
        assert bad.json()["scopes_missing"] == ["forecast:read|forecast:admin"]
        assert 'scope="forecast:read|forecast:admin"' in bad.headers["WWW-Authenticate"]


@pytest.mark.parametrize("wrong", ["forecast", "a:b|", "a:b | c:d", "*:*", "a:b,c:d"])
def test_scopes_that_are_none_are_the_programmers_error(
    installation: Installation, wrong: str
) -> None:
    """Told where they are written, and not by a refusal of every caller."""
    kh = Keyhouse.from_env(installation.environ)
    with pytest.raises(ValueError, match=r"scopes\.1: is no scope; write it as"):
        KeyGuard(kh, api="weather")("a:b", wrong)


async def test_what_cannot_be_asked_is_the_programmers_error(
    installation: Installation,
) -> None:
    async with Keyhouse.from_env(installation.environ).running() as kh:
        with pytest.raises(ValueError, match=r"scopes\.0: is no scope"):
            await kh.verify("x", api="weather", scopes=["forecast"])
        with pytest.raises(ValueError, match="cost: is at least 0"):
            await kh.verify("x", api="weather", cost=-1)
        with pytest.raises(ValueError, match="nowhere"):
            await kh.verify("x", api="weather", address="nowhere")

"""A Keyhouse elsewhere, in memory: `ports.RemoteKeyhouse`, and what a test does to it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from keyhouse.adapters.system import SystemEntropy
from keyhouse.core.request import Request
from keyhouse.ports import RemoteRefused, StoreUnavailable
from keyhouse.services.remote import RemotePlane

KEY = b"kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
OTHER = b"kh_sk_test_fencedfencedfencedfencedfenced2XKAcC"
TOKENS = ["token-of-key", "token-of-api"]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at_us = 1_000_000_000

    def now_us(self) -> int:
        return 1_760_000_000_000_000 + self.at_us

    def monotonic_us(self) -> int:
        return self.at_us


def verdict(code: str, status: int, **more: Any) -> dict[str, Any]:
    """A result as verify gives it."""
    return {
        "allowed": code == "valid",
        "code": code,
        "status": status,
        "request_id": "req_0000000000000000000000",
        "key": {"id": "key_1", "name": "one", "environment": "test"},
        "application": {"id": "app_1", "name": "caller", "external_id": "acme-7"},
        "customer": "acme-7",
        "scopes": ["a:b"],
        "scopes_missing": [],
        "limits": [],
        "retry_after": None,
        **more,
    }


VALID = verdict("valid", 200)
REVOKED = verdict("revoked", 401, forget=TOKENS)
UNKNOWN = verdict("unknown", 401, key=None, application=None, scopes=[])


class Elsewhere:
    """Answers `result`, or what stands in `by_secret`; `gone` has nobody answer."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.result: Any = VALID
        self.by_secret: dict[str, Any] = {}
        self.head = 10
        self.log = "log-1"
        self.seq: int | None = None
        self.news: list[str] = []
        self.forget_all = self.require_tls = False
        self.gone = self.mute = False
        self.refusing: RemoteRefused | None = None
        self.batches: list[list[dict[str, Any]]] = []
        self.polls: list[str] = []
        self.apis: dict[str, dict[str, Any]] = {}
        self.apis["weather"] = {"key_header": "x-api-key", "query_parameter": None}
        self.moved = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self.closed = False
        self.settled: Any = None
        self.settlements: list[tuple[str, int | None]] = []

    async def post(self, path: str, body: bytes, seconds: float) -> Any:
        if path.startswith("/.keyhouse/v1/reservations/"):
            await self._answering()
            self.settlements.append((path, json.loads(body)["units"]))
            return self.settled
        assert path == "/.keyhouse/v1/verify"
        given = json.loads(body)
        assert given["watch"] is True
        assert len(body) <= 65_536
        self.batches.append(given["requests"])
        await self._answering()
        results = [
            self.by_secret.get(one["secret"], self.result) for one in self.batches[-1]
        ]
        return {
            "results": results,
            "seq": self.head if self.seq is None else self.seq,
            "log": self.log,
        }

    async def get(self, path: str, seconds: float) -> Any:
        if path.startswith("/.keyhouse/v1/apis/"):
            await self._answering()
            return self._api(path.rsplit("/", 1)[1])
        self.polls.append(path)
        if "after" in path and not self.moved.is_set():
            await self.moved.wait()
        self.moved.clear()
        if self.gone:
            raise StoreUnavailable("nobody there")
        if self.refusing is not None:
            raise self.refusing
        news, self.news = self.news, []
        return {
            "head": self.head,
            "log": self.log,
            "forget": news,
            "forget_all": self.forget_all or "after" not in path,
            "require_tls": self.require_tls,
        }

    def _api(self, slug: str) -> dict[str, Any]:
        if slug not in self.apis:
            raise RemoteRefused("404: No API has this address.")
        told = {"seq": self.head, "log": self.log, "forget": ["token-of-api"]}
        return {"slug": slug, **self.apis[slug], **told}

    async def _answering(self) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.gone:
            raise StoreUnavailable("nobody there")
        if self.refusing is not None:
            raise self.refusing

    async def close(self) -> None:
        self.closed = True

    # -- what a test does ---------------------------------------------------------

    async def change(self, *tokens: str) -> None:
        """Something changes, and the guard hears of it."""
        self.head += 1
        self.news = list(tokens)
        await self.tell()

    async def tell(self) -> None:
        """Answer the question that waits, and let the next one come."""
        polls = len(self.polls)
        self.moved.set()
        async with asyncio.timeout(5):
            while len(self.polls) == polls:  # noqa: ASYNC110 - the follower has no event
                await asyncio.sleep(0.001)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """All entries that ever came."""
        return list(itertools.chain.from_iterable(self.batches))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[RemotePlane]:
        """A plane in front of it, which has begun to follow."""
        plane = RemotePlane(self, self.clock, SystemEntropy())
        await plane.open()
        await asyncio.sleep(0)
        try:
            yield plane
        finally:
            self.hold = None
            await plane.close()


async def code(plane: RemotePlane, secret: bytes | None = KEY, **more: Any) -> str:
    """The code of a request that is admitted, or not."""
    request = Request(secret, "weather", **more)
    _, decision = await plane.admit(request, None, request.path or "")
    return decision.code


async def settled() -> None:
    """Let what is under way on the loop go on until it rests."""
    for _ in range(20):
        await asyncio.sleep(0)

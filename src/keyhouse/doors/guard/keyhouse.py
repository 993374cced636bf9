"""Keyhouse inside a program: opened with it, asked by it, closed with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol, Self, TypedDict, Unpack

from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.secret import Secret
from keyhouse.core.verdict import Verdict
from keyhouse.doors.guard.answering import watch
from keyhouse.doors.guard.questions import put
from keyhouse.services.reserve import Settled, Unsettled

Admitted = tuple[str, Decision] | Awaitable[tuple[str, Decision]]
"""A request's id and the decision on it, at once or to be waited for."""


class Plane(Protocol):
    """What the guard needs of an opened data plane."""

    def admit(self, request: Request, refusal: Verdict | None, path: str) -> Admitted:
        """Decide and count: at once, unless something has to be waited for.

        `refusal` is that of the credentials, where there is none to decide on;
        `path` is what may be written down. Gives the request's id and the
        decision that holds: what cannot be counted is `unavailable`.
        """

    async def reserve(
        self, request: Request, refusal: Verdict | None, path: str
    ) -> tuple[Decision, str | None]:
        """As `admit`, with the id of what was reserved: None for a refusal."""

    async def settle(self, id: str, units: int | None) -> Settled | Unsettled:
        """Have what was reserved come to `units`, None for all of it."""

    async def api(self, slug: str) -> ApiRecord | Verdict | None:
        """The API with that slug."""

    def completed(
        self, request_id: str, decision: Decision, *, status: int, latency_us: int
    ) -> None:
        """Tell how a counted request ended."""

    async def close(self) -> None:
        """Book what was counted and let go of everything."""


class Facts(TypedDict, total=False):
    """What may be told of a request: see `Keyhouse.verify`."""

    address: str | None
    method: str | None
    path: str | None
    referrer: str
    origin: str
    app: str
    tls: bool
    environment: str | None
    scopes: Iterable[str]
    key_id: str | None
    browser: bool
    token: str | None


class Reserved(NamedTuple):
    """A decision, and the id of what was reserved by it: None for a refusal."""

    decision: Decision
    id: str | None


class Keyhouse:
    """Verifies keys on the event loop that opened it.

    Use it as an application's `lifespan`, or as `async with kh.running():`.
    """

    def __init__(self, open_plane: Callable[[], Awaitable[Plane]]) -> None:
        self._open_plane = open_plane
        self._plane: Plane | None = None
        # Bound once, and not for each request.
        self._admit: Callable[[Request, Verdict | None, str], Admitted] | None = None
        self._users = 0
        self._turn = asyncio.Lock()

    @property
    def plane(self) -> Plane:
        """The opened data plane. Raises RuntimeError while there is none."""
        if self._plane is None:
            raise RuntimeError(
                "Keyhouse is not running: pass lifespan=kh.lifespan to the app, "
                "or use `async with kh.running():`"
            )
        return self._plane

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Open on entering, close on leaving.

        Where it is entered more than once, the first opens and the last closes.
        """
        async with self._turn:
            if self._plane is None:
                self._plane = await self._open_plane()
                self._admit = self._plane.admit
            self._users += 1
        try:
            yield self
        finally:
            await self._leave()

    async def _leave(self) -> None:
        async with self._turn:
            self._users -= 1
            if not self._users and self._plane is not None:
                plane, self._plane, self._admit = self._plane, None, None
                await plane.close()

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """The lifespan of an ASGI application: `FastAPI(lifespan=kh.lifespan)`.

        One with a lifespan of its own enters this in it: `async with kh.lifespan(app):`.
        """
        watch(app)
        async with self.running():
            yield

    async def verify(  # noqa: PLR0913 - the request's facts, each by its name
        self,
        secret: str | Secret | None,
        *,
        api: str,
        address: str | None = None,
        method: str | None = None,
        path: str | None = None,
        referrer: str = "",
        origin: str = "",
        app: str = "",
        tls: bool = False,
        environment: str | None = None,
        scopes: Iterable[str] = (),
        cost: int | None = None,
        key_id: str | None = None,
        browser: bool = False,
        token: str | None = None,
    ) -> Decision:
        """Decide on a request and count it.

        `secret` is a key or a user's token; `token` is a user's that came beside a
        key.

        `api` is a slug, `path` is below the API's root, `cost` in units. All
        of `scopes` are needed; `"a:read|a:admin"` is met by either. `key_id`
        came with the secret, as the user of HTTP Basic. `browser` says that a
        browser sent it; an `origin` says so too. `app` is `ios:com.example.App` or
        `android:com.example.app:` and its certificate's SHA-1. Raises
        ValueError for an address or scopes that are none and a negative cost.
        """
        # A second coroutine would take as long as half of the decision.
        admitted = put(
            self._admit or self.plane.admit,
            secret,
            api,
            address,
            method,
            path,
            referrer,
            origin,
            app,
            tls,
            environment,
            scopes,
            cost,
            key_id,
            browser,
            token,
        )
        if not isinstance(admitted, tuple):
            admitted = await admitted
        return admitted[1]

    async def reserve(
        self, secret: str | Secret | None, units: int, *, api: str, **facts: Unpack[Facts]
    ) -> Reserved:
        """As `verify` with a cost of `units`, for a call whose cost is known afterwards.

        `settle` with the id, within an hour and from any process, says what it came
        to; what is not settled stays spent.
        """
        reserved = put(
            self.plane.reserve,
            secret,
            api,
            facts.get("address"),
            facts.get("method"),
            facts.get("path"),
            facts.get("referrer", ""),
            facts.get("origin", ""),
            facts.get("app", ""),
            facts.get("tls", False),
            facts.get("environment"),
            facts.get("scopes", ()),
            units,
            facts.get("key_id"),
            facts.get("browser", False),
            facts.get("token"),
        )
        return Reserved(*await reserved)

    async def settle(self, id: str, units: int | None = None) -> Settled | Unsettled:
        """Have what was reserved come to `units`: 0 gives all of it back, None nothing.

        Once: again with the same units it gives the same, with others `Unsettled`,
        as it does where the reservation is over or cannot be reached. More than was
        reserved comes to what was reserved. Raises ValueError for less than 0.
        """
        if units is not None and units < 0:
            raise ValueError("units: are at least 0")
        return await self.plane.settle(id, units)

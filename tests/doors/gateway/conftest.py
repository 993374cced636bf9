"""A gateway on a loopback port, with doubles behind it and a raw upstream."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import uvloop

from keyhouse.adapters.signing import KeyringSigner  # noqa: TC001 - imports stand in one place
from keyhouse.doors.gateway import GatewayConfig, GatewayServer, Plane
from keyhouse.doors.gateway.waiters import Waiters
from keyhouse.services.reserve import Reservations
from keyhouse.services.verify import RecentChanges, Resolver
from tests.doors.gateway.doubles import KEYRING, NOW_US, Meter, Settlements, Verifier
from tests.doors.gateway.wire import Answer, Client, RawUpstream


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def upstream() -> AsyncIterator[RawUpstream]:
    raw = RawUpstream()
    await raw.start()
    yield raw
    await raw.stop()


class House:
    """The gateway under test and all that stands around it."""

    def __init__(self, upstream: RawUpstream) -> None:
        self.upstream = upstream
        self.verifier = Verifier(upstream.url)
        self.meter = Meter()
        self.ready = True
        self.recent = RecentChanges(bytes(32))
        self.settlements = Settlements()
        self.now_us = NOW_US
        self.reservations = Reservations(self.settlements, KEYRING, lambda: self.now_us)
        self.signer: KeyringSigner | None = None
        self.port = 0
        self.server: GatewayServer | None = None
        self._socket: socket.socket | None = None
        self._resolver: Resolver | None = None
        self._clients: list[Client] = []

    async def start(self, **settings: object) -> "House":
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._socket.getsockname()[1]
        self._resolver = Resolver(asyncio.get_running_loop())
        plane = Plane(
            self.verifier,
            self._resolver,
            self.meter,
            self.meter.new_request_id,
            lambda: self.ready,
            lambda: 1_760_000_000_000_000,
            self.recent,
            self.reservations,
            signer=self.signer,
            issuer="https://gateway.example",
        )
        self.server = GatewayServer(GatewayConfig(**settings), plane)  # type: ignore[arg-type]  # any setting, by name
        await self.server.start(self._socket)
        return self

    @property
    def waiters(self) -> Waiters:
        assert self.server is not None
        assert self.server._gate is not None
        return self.server._gate.waiters

    async def client(self) -> Client:
        client = await Client.connect(self.port)
        self._clients.append(client)
        return client

    async def ask(self, data: bytes, *, is_head: bool = False) -> Answer:
        client = await self.client()
        client.send(data)
        return await client.answer(is_head=is_head)

    async def stop(self) -> None:
        for client in self._clients:
            await client.close()
        if self.server is not None:
            await self.server.drain(5)
        if self._resolver is not None:
            self._resolver.close()
        if self._socket is not None:
            self._socket.close()


@pytest.fixture
async def house(upstream: RawUpstream) -> AsyncIterator[House]:
    made = House(upstream)
    yield made
    await made.stop()


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for a condition that another connection brings about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a double has no event to wait for
            await asyncio.sleep(0.002)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    began = asyncio.get_running_loop().time()
    yield
    assert asyncio.get_running_loop().time() - began < seconds

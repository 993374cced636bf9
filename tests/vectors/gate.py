"""The gateway as the runners of three doors meet it: on a port, before an upstream."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from keyhouse.doors.gateway import GatewayConfig, GatewayServer, Plane
from tests.doors.gateway.wire import Answer, Client, RawUpstream
from tests.vectors import reading
from tests.vectors.house import Clock, Stock, opened, stocked

PROXIES = ("127.0.0.0/8",)
"""Cases come from this machine, and tell their addresses as trusted proxies do."""


@dataclass
class Gate:
    """The running gateway, its rows, its clock and what stands behind it."""

    stock: Stock
    clock: Clock
    upstream: RawUpstream
    port: int
    strict_port: int

    async def ask(
        self, lines: list[str], body: bytes = b"", *, strict: bool = False
    ) -> Answer:
        """Send a request; its first line and headers, without those of the body.

        The strict one is the same gateway with `require_tls`.
        """
        if body:
            lines = [*lines, f"Content-Length: {len(body)}"]
        head = "\r\n".join((*lines, "", "")).encode("latin-1")
        client = await Client.connect(self.strict_port if strict else self.port)
        client.send(head + body)
        answer = await client.answer(is_head=lines[0].startswith("HEAD "))
        await client.close()
        return answer


@asynccontextmanager
async def running(folder: Path, door: str) -> AsyncIterator[Gate]:
    """A gateway that knows the cases of one door."""
    upstream = RawUpstream()
    await upstream.start()
    clock = Clock()
    cases = reading.cases(door).values()
    with stocked(folder, cases, upstream.url) as stock:
        async with opened(stock, "gateway", clock) as plane:
            faces = Plane(
                plane.verifier,
                plane.resolver,
                plane.meter,
                plane.new_request_id,
                lambda: plane.is_ready,
                clock.now_us,
                plane.recent,
                plane.reservations,
            )
            async with serving(faces) as port, serving(faces, require_tls=True) as strict:
                yield Gate(stock, clock, upstream, port, strict)
    await upstream.stop()
    await asyncio.sleep(0)


@asynccontextmanager
async def serving(faces: Plane, *, require_tls: bool = False) -> AsyncIterator[int]:
    """A gateway's port on this plane."""
    config = GatewayConfig(trusted_proxies=PROXIES, require_tls=require_tls)
    server = GatewayServer(config, faces)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        await server.start(bound)
        yield bound.getsockname()[1]
        await server.drain(5)

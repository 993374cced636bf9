"""How long a proxied request keeps the gateway's own code busy.

The real data plane on a fresh data folder, everything on, between transports
that are none: what is timed is all from the caller's bytes to the upstream's
and back, on the event loop's thread, without the kernel and without uvloop.
Prints the least and the median of several runs in microseconds; `--json`
prints `{"least": …, "us": …}`.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from keyhouse import settings, wiring
from keyhouse.adapters.database import open_database
from keyhouse.adapters.system import load_keyring
from keyhouse.core import entities as rows
from keyhouse.core.keyring import Pepper
from keyhouse.core.secret import ALGORITHM, digest, mint
from keyhouse.doors.gateway.caller import Caller
from keyhouse.doors.gateway.config import GatewayConfig
from keyhouse.doors.gateway.gate import Gate
from keyhouse.doors.gateway.plane import Plane
from keyhouse.doors.gateway.upstream import Upstream
from keyhouse.services.plane import DataPlane

RUNS: Final = 40
CALLS: Final = 1_000
_PATIENCE: Final = 2_000
_UPSTREAM: Final = "http://127.0.0.1:9"
_ORGANIZATION: Final = "org_1"
_ANSWER: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nHello, world\n"
_LIMITS: Final = (
    rows.Limit(
        name="per-second", kind=rows.LimitKind.RATE, amount=1_000_000, period_seconds=1
    ),
    rows.Limit(
        name="per-minute", kind=rows.LimitKind.RATE, amount=60_000_000, period_seconds=60
    ),
    rows.Limit(
        name="monthly", kind=rows.LimitKind.QUOTA, amount=10**12, window=rows.Window.MONTH
    ),
)
_MADE: Final[dict[str, Any]] = {"created_at": 0, "updated_at": 0}


class Wire:
    """A transport that leads nowhere and remembers what was written last."""

    written = b""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written = data

    def get_extra_info(self, name: str) -> object:
        """The peer's address."""
        return ("127.0.0.1", 40_000) if name == "peername" else None

    def set_write_buffer_limits(self, high: int) -> None:
        """Nothing waits here."""

    def is_closing(self) -> bool:
        """Never."""
        return False

    def abort(self) -> None:
        """Nothing to end."""


def _rows(pepper: Pepper) -> tuple[list[Any], bytes]:
    """What a request needs, and the secret it is made with."""
    secret = mint("kh", rows.KeyKind.SERVER, rows.Environment.LIVE, entropy=b"\7" * 32)
    text = secret.reveal().encode()
    owned: dict[str, Any] = {"organization_id": _ORGANIZATION, "project_id": "prj_1"}
    return [
        rows.Organization(id=_ORGANIZATION, name="o", **_MADE),
        rows.Project(id="prj_1", organization_id=_ORGANIZATION, name="p", **_MADE),
        rows.Application(id="app_1", name="a", **owned, **_MADE),
        rows.Api(
            id="api_1",
            slug="bench",
            name="b",
            upstreams={"live": _UPSTREAM},
            **owned,
            **_MADE,
        ),
        rows.Key(
            id="key_1",
            application_id="app_1",
            name="k",
            kind=rows.KeyKind.SERVER,
            environment=rows.Environment.LIVE,
            limits=_LIMITS,
            created_by="bench",
            restrictions=rows.Restrictions(networks_allowed=("127.0.0.0/8", "10.0.0.0/8")),
            **owned,
            **_MADE,
        ),
        rows.Access(
            id="key_1/api_1",
            key_id="key_1",
            resource=rows.Resource.API,
            resource_id="api_1",
            provider_id=_ORGANIZATION,
            scopes=("page:read",),
            created_at=0,
        ),
        rows.SecretRow(
            id="sec_1",
            key_id="key_1",
            version=1,
            namespace="",
            algorithm=ALGORITHM,
            pepper_id=pepper.id,
            digest=digest(text, pepper.key),
            hint="",
            starts_at=0,
            created_by="bench",
            created_at=0,
        ),
    ], text


@asynccontextmanager
async def _plane(folder: Path) -> AsyncIterator[tuple[DataPlane, bytes]]:
    loaded = settings.load({"data.dir": folder}, environ={})
    wiring.prepare(loaded)
    made, secret = _rows(load_keyring(loaded.keyring_path).active)
    database = open_database(loaded.database_url)
    with database.rows.writing() as tx:
        for row in made:
            tx.insert(row)
    plane = wiring.data_plane(loaded, database, "gateway")
    await plane.open()
    yield plane, secret
    await plane.close()
    database.dispose()


async def _turns(plane: DataPlane, secret: bytes) -> Callable[[], Awaitable[float]]:
    """Whole requests, as a function that makes so many of them."""
    faces = Plane(
        plane.verifier,
        plane.resolver,
        plane.meter,
        plane.new_request_id,
        lambda: plane.is_ready,
        plane.means.clock.now_us,
        plane.recent,
        plane.reservations,
    )
    gate = Gate(GatewayConfig(), faces, asyncio.get_running_loop(), lambda full: None)
    caller, near, far = Caller(gate), Wire(), Wire()
    caller.connection_made(near)  # type: ignore[arg-type]  # as much of one as is used
    asked = (
        b"GET /bench/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-API-Key: %s\r\n\r\n" % secret
    )
    target = gate.pool.target(_UPSTREAM, owner=_ORGANIZATION, private=True)
    if target is None:
        raise AssertionError(_UPSTREAM)
    upstream = Upstream(gate, target.origin)
    upstream.connection_made(far)  # type: ignore[arg-type]  # as above
    target.origin.idle.append(upstream)
    take, answer = caller.data_received, upstream.data_received

    def turns(count: int) -> int:
        """So many requests, or fewer where one has to wait; nanoseconds each."""
        began = time.thread_time_ns()
        for done in range(count):
            far.written = b""
            take(asked)
            if not far.written:
                return -done
            answer(_ANSWER)
        return (time.thread_time_ns() - began) // count

    async def whole() -> float:
        """Microseconds a request, of a run in which none had to wait."""
        while (took := turns(CALLS)) <= 0:
            # A lease is on its way: the request goes on when it has come.
            for _ in range(_PATIENCE):
                await asyncio.sleep(0.001)
                if far.written:
                    break
            else:
                raise AssertionError("the request does not come to its upstream")
            answer(_ANSWER)
        if not near.written.startswith(b"HTTP/1.1 200 OK"):
            raise AssertionError(near.written)
        return took / 1000

    return whole


async def _measured() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        async with _plane(Path(folder)) as (plane, secret):
            whole = await _turns(plane, secret)
            told: list[float] = []
            sys.setswitchinterval(wiring.SWITCH_SECONDS)
            wiring.spare_collector()
            for _ in range(RUNS + 5):
                told.append(await whole())
                await asyncio.sleep(0.02)
            return told[5:]


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    told = asyncio.run(_measured())
    least, median = min(told), statistics.median(told)
    if as_json:
        print(json.dumps({"least": round(least, 2), "us": round(median, 2)}))
    else:
        print(f"{least:.2f} least, {median:.2f} median µs a request")


if __name__ == "__main__":
    main()

"""A real network between a node and its database, cut: a link that is down, and

packets that are lost without a word. In `make soak` alone: it takes root.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.harness import Installation, Running, Upstream
from tests.faults.load import Load, memory_back
from tests.servers.namespaces import Cable, FarPostgres, cable, inside, listener

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUT_SECONDS = float(os.environ.get("KEYHOUSE_SOAK_NETWORK", "0"))
STALE_SECONDS = 3.0
MARGIN_SECONDS = 2.0
ANSWER_SECONDS = 5.0
QUOTA = 3000
WAYS = {
    "pulled": (Cable.pull, Cable.plug_in),
    "lossy": (Cable.lose_all, Cable.lose_nothing),
}


class Town(Installation):
    """An installation whose database is at the far end of a cable."""

    def __init__(self, *args: object, line: Cable, far_url: str) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # as its own
        self.line = line
        self.far_url = far_url

    async def near_gateway(self, stale_seconds: float) -> Running:
        """One at the cable's near end."""

        def start() -> Running:
            return self.gateway(
                module="tests.faults.far_gateway",
                NETWORK=self.line.near,
                KEYHOUSE_DATA__DATABASE_URL=self.far_url,
                KEYHOUSE_CACHE__STALE_SECONDS_MAX=str(stale_seconds),
            )

        return await asyncio.to_thread(start)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    with cable(f"kh{os.getpid()}") as line:
        server = await asyncio.to_thread(FarPostgres, line.far)
        name = await asyncio.to_thread(server.create)
        folder = tmp_path_factory.mktemp("town")
        try:
            async with Upstream().serving() as upstream:
                there = inside(line.near, lambda: listener(upstream.port))
                also = await upstream.serve_also(there)
                made = Town(folder, upstream, line=line, far_url=server.far_url(name))
                made.environ["KEYHOUSE_DATA__DATABASE_URL"] = server.url(name)
                try:
                    await asyncio.to_thread(made.open)
                    yield made
                finally:
                    await asyncio.to_thread(made.close)
                    also.close()
        finally:
            await asyncio.to_thread(server.stop)


async def cut_and_healed(town: Town, way: str) -> None:
    """One node is cut off, one is not, and both have the same callers.

    A third is cut off as well and may go on with what it has for long: its callers
    must not notice.
    """
    cut, heal = WAYS[way]
    load, beside = Load(town), Load(town)
    plain, revoked = await load.add(f"plain {way}"), await load.add(f"revoked {way}")
    limited = await load.add(f"limited {way}", QUOTA)
    patient = await beside.add(f"patient {way}")
    off, patience = await town.near_gateway(STALE_SECONDS), await town.near_gateway(300)
    near = await asyncio.to_thread(town.gateway)
    async with memory_back(off), load.on(off.port, near.port), beside.on(patience.port):
        await load.steady(of=[plain, revoked])
        await beside.steady()
        begin = time.monotonic()
        cut(town.line)
        try:
            await asyncio.to_thread(town.client.keys.revoke, revoked.key.id)
            await asyncio.sleep(max(CUT_SECONDS, STALE_SECONDS + MARGIN_SECONDS))
        finally:
            heal(town.line)
        healed = time.monotonic()
        await load.steady(401, [revoked])
        await load.steady(200, [plain])
        await load.steady(429, [limited], calls=60)
        await beside.steady()
    assert revoked.last_served() - begin <= STALE_SECONDS + MARGIN_SECONDS
    assert plain.statuses(begin + STALE_SECONDS + MARGIN_SECONDS, healed) == {200, 503}
    assert plain.statuses() | revoked.statuses() == {200, 401, 503}
    assert patient.statuses() == {200}
    assert patient.longest() <= ANSWER_SECONDS
    assert plain.longest() <= ANSWER_SECONDS
    assert town.upstream.seen[limited.key.id] == QUOTA
    await load.reckon()
    await beside.reckon()
    await asyncio.to_thread(town.end_gateways)
    seconds = time.monotonic() - healed
    print(f"{way}: cut for {healed - begin:.0f} s, {seconds:.1f} s until all was reckoned")
    for one in (*load.all, *beside.all):
        print(f"  {one}, longest {one.longest():.2f} s")


if CUT_SECONDS:

    @pytest.mark.parametrize("way", WAYS)
    async def test_a_cut_harms_nobody_whose_key_is_known_and_overspends_nothing(
        town: Town, way: str
    ) -> None:
        """Nor is a key that was revoked meanwhile served beyond the bound."""
        await cut_and_healed(town, way)

"""Rate counters on a real Valkey: together, in batches, and while it is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import pytest
from valkey.crc import key_slot

from keyhouse.adapters.memory import MemoryRateCounter
from keyhouse.adapters.valkey import (
    OnOutage,
    ValkeyRateCounter,
    address,
    connector,
    rates,
)
from keyhouse.adapters.valkey.address import ANSWER_SECONDS_MAX
from keyhouse.adapters.valkey.breaker import REST_MAX_SECONDS
from keyhouse.core.limits import rate_limit
from keyhouse.core.pending import Pending
from keyhouse.core.records import RateUse
from keyhouse.ports import RateAnswer, Slowed, Uncounted
from tests.servers.valkey import ValkeyCluster, ValkeyServer

HOUR = 3600
PATIENCE_SECONDS = 20.0


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    started = ValkeyServer()
    yield started
    started.stop()


@pytest.fixture
async def counters(server: ValkeyServer) -> AsyncIterator["Counters"]:
    made = Counters(server.url)
    yield made
    await made.close()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters on a busy machine may take their time."""
    monkeypatch.setattr(rates, "ANSWER_SECONDS_MAX", PATIENCE_SECONDS)
    monkeypatch.setitem(address._OPTIONS, "socket_timeout", PATIENCE_SECONDS)


class Counters:
    """Nodes that count on one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[ValkeyRateCounter] = []

    def node(self, on_outage: OnOutage = OnOutage.LOCAL) -> ValkeyRateCounter:
        """One more."""
        made = ValkeyRateCounter(connector(self._url), MemoryRateCounter(), on_outage)
        self._made.append(made)
        return made

    async def close(self) -> None:
        """End them all."""
        for one in self._made:
            await one.close()


def use(name: str, amount: int, seconds: int = HOUR, burst: int | None = None) -> RateUse:
    return RateUse(f"org_a|key|{name}", rate_limit(name, amount, seconds, burst))


async def take(counter: ValkeyRateCounter, *uses: RateUse, cost: int = 1) -> RateAnswer:
    told = counter.take(uses, cost, time.time_ns() // 1000)
    if not isinstance(told, Pending):
        return told
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    assert told.begin is not None
    told.begin(future.set_result)
    answer = told.resume(await future)
    assert not isinstance(answer, Pending)
    return answer


def passed(answers: list[RateAnswer]) -> int:
    return sum(isinstance(answer, tuple) for answer in answers)


async def until_it_answers(counter: ValkeyRateCounter, server: ValkeyServer) -> None:
    """Ask until the server has counted what was asked."""
    with server.client() as client:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not client.exists("kh:{org_a}:key|probe"):
            assert time.monotonic() < deadline
            await take(counter, use("probe", 1000))
            await asyncio.sleep(0.02)


async def test_nodes_that_count_together_let_pass_what_the_limit_says(
    counters: Counters,
) -> None:
    """However many ask at once, on however many nodes."""
    nodes = [counters.node() for _ in range(3)]
    asked = [take(node, use("a", 100)) for _ in range(60) for node in nodes]
    assert passed(await asyncio.gather(*asked)) == 100


async def test_what_comes_in_one_turn_goes_in_few_scripts(
    server: ValkeyServer, counters: Counters
) -> None:
    """One at a time would cost twenty times as much."""
    node = counters.node()
    await take(node, use("warm", 10))
    with server.client() as client:
        before = int(client.info("commandstats")["cmdstat_evalsha"]["calls"])
        await asyncio.gather(*(take(node, use(f"k{n}", 10)) for n in range(200)))
        after = int(client.info("commandstats")["cmdstat_evalsha"]["calls"])
    assert after - before <= 3


@pytest.mark.parametrize(("requests", "each"), [(256, 33), (1, 9000)])
@pytest.mark.usefixtures("patience")
async def test_however_many_limits_they_meet_all_are_counted(
    counters: Counters, requests: int, each: int
) -> None:
    """Else who has many limits takes away those of all who ask beside it."""
    node = counters.node(OnOutage.CLOSED)
    await take(node, use("warm", 10))
    many = [[use(f"{one} {n}", 10) for n in range(each)] for one in range(requests)]
    told = await asyncio.gather(*(take(node, *uses) for uses in many))
    assert passed(told) == requests


async def test_a_counter_that_cannot_be_read_is_no_outage_for_others(
    server: ValkeyServer, counters: Counters, caplog: pytest.LogCaptureFixture
) -> None:
    node = counters.node(OnOutage.CLOSED)
    with server.client() as client:
        client.set("kh:{org_a}:key|broken", "no number")
    for _ in range(3):
        assert isinstance(await take(node, use("broken", 10)), Uncounted)
        assert isinstance(await take(node, use("whole", 10)), tuple)
    assert node.is_answered
    assert caplog.text.count("rates were not counted together") == 1


async def test_a_counter_whose_burst_is_back_is_forgotten(
    server: ValkeyServer, counters: Counters
) -> None:
    """And not before: it expires when it says nothing more."""
    node = counters.node()
    await take(node, use("short", 1000, 1))
    await take(node, use("long", 1, HOUR))
    with server.client() as client:
        assert 3590 < client.ttl("kh:{org_a}:key|long") <= HOUR
        deadline = time.monotonic() + PATIENCE_SECONDS
        while client.exists("kh:{org_a}:key|short"):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert client.exists("kh:{org_a}:key|long")


async def test_a_server_that_lost_the_script_gets_it_again(
    server: ValkeyServer, counters: Counters
) -> None:
    node = counters.node()
    await take(node, use("a", 10))
    with server.client() as client:
        client.script_flush()
    assert await take(node, use("a", 10)) == (8, 720)


async def _away(server: ValkeyServer, node: ValkeyRateCounter) -> None:
    """It stops, and the node has noticed."""
    server.kill()
    await take(node, use("probe", 1000), cost=0)


async def test_while_it_is_away_each_node_allows_its_share(
    server: ValkeyServer, counters: Counters
) -> None:
    nodes = [counters.node() for _ in range(4)]
    for node in nodes:
        node.share_among(len(nodes))
        await _away(server, node)
    allowed = [await take(node, use("a", 100)) for node in nodes for _ in range(60)]
    assert passed(allowed) == 100


async def test_what_was_let_pass_meanwhile_counts_when_it_is_back(
    server: ValkeyServer, counters: Counters
) -> None:
    """A burst that was used up is not there again at once."""
    node = counters.node()
    await _away(server, node)
    assert passed([await take(node, use("a", 10)) for _ in range(12)]) == 10
    server.start_again()
    await until_it_answers(node, server)
    refused = await take(node, use("a", 10))
    assert isinstance(refused, Slowed)
    with server.client() as client:
        assert client.exists("kh:{org_a}:key|a")


@pytest.mark.parametrize(
    ("on_outage", "kind"), [(OnOutage.OPEN, tuple), (OnOutage.CLOSED, Uncounted)]
)
async def test_an_operator_may_want_all_or_nothing_to_pass(
    server: ValkeyServer, counters: Counters, on_outage: OnOutage, kind: type[Any]
) -> None:
    node = counters.node(on_outage)
    await _away(server, node)
    told = [await take(node, use("a", 1)) for _ in range(3)]
    assert all(isinstance(one, kind) for one in told)


async def test_a_server_that_hangs_holds_up_one_round_of_requests(
    server: ValkeyServer, counters: Counters
) -> None:
    """The next ones do not wait at all, and the limit holds for them."""
    node = counters.node()
    await take(node, use("a", 50))
    server.pause()
    began = time.monotonic()
    await take(node, use("a", 50))
    waited = time.monotonic() - began
    told = [node.take([use("a", 50)], 1, time.time_ns() // 1000) for _ in range(3)]
    server.resume()
    assert waited < 4 * ANSWER_SECONDS_MAX
    assert not any(isinstance(one, Pending) for one in told)
    await until_it_answers(node, server)
    assert time.monotonic() - began < PATIENCE_SECONDS + REST_MAX_SECONDS


@pytest.fixture
def cluster() -> Iterator[ValkeyCluster]:
    started = ValkeyCluster()
    yield started
    started.stop()


@pytest.fixture
async def clustered(cluster: ValkeyCluster) -> AsyncIterator[ValkeyRateCounter]:
    made = Counters(cluster.url)
    yield made.node(OnOutage.CLOSED)
    await made.close()


def use_on(cluster: ValkeyCluster, number: int) -> RateUse:
    """Of an organization whose counters are on that node."""
    homes = (f"org_{n}" for n in count())
    slots = ((home, key_slot(home.encode())) for home in homes)
    home = next(home for home, slot in slots if cluster.node_of(slot) == number)
    return RateUse(f"{home}|key|a", rate_limit("a", 10**6, HOUR, None))


async def until_counted(counter: ValkeyRateCounter, use: RateUse) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while isinstance(await take(counter, use), Uncounted):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_node_of_a_cluster_that_is_away_is_so_for_its_own_alone(
    cluster: ValkeyCluster, clustered: ValkeyRateCounter
) -> None:
    """Who is counted elsewhere is neither let pass uncounted, nor makes others wait."""
    healthy, dead = use_on(cluster, 0), use_on(cluster, 2)
    for one in (healthy, dead):
        await until_counted(clustered, one)
    cluster.nodes[2].pause()
    assert isinstance(await take(clustered, dead), Uncounted)
    assert isinstance(clustered.take([dead], 1, 0), Uncounted)
    assert isinstance(clustered.take([healthy], 1, 0), Pending)
    await until_counted(clustered, healthy)
    assert clustered.is_answered is False, "another's answer says nothing of it"
    cluster.nodes[2].resume()
    await until_counted(clustered, dead)
    await until_counted(clustered, healthy)

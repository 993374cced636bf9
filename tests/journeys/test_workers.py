"""`keyhouse serve --workers 2`: two gateways on one address, as if they were one."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from keyhouse_client import Client
from tests.faults.harness import Caller, Key, Tally, keep_calling
from tests.faults.harness import until as comes
from tests.journeys.conftest import Machine, free_port, until

RATE = 60


def _key(machine: Machine, upstream: str, rate: int | None) -> Key:
    kept = json.loads((machine.data / "cli.json").read_text())
    limits = [] if rate is None else [{"name": "r", "rate": rate, "period_seconds": 86_400}]
    with Client(kept["management_url"], kept["api_key"]) as client:
        client.apis.create(slug="echo", upstreams={"test": upstream})
        made = client.keys.create("k", [{"api": "echo"}], limits=limits)
    return Key(made["id"], str(made["secret"]))


def _workers(serve: Any) -> dict[int, str]:
    """The processes below the supervisor: pid to what it runs."""
    found = {}
    for child in psutil.Process(serve.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
            found[child.pid] = " ".join(child.cmdline())
    return found


def _gateways(serve: Any) -> set[int]:
    return {pid for pid, line in _workers(serve).items() if " gateway " in f"{line} "}


def _counters(serve: Any) -> set[int]:
    return {pid for pid, line in _workers(serve).items() if "valkey" in line}


def _restarts(listen: str, name: str) -> dict[str, float]:
    """How often it was started anew, by reason, as the metrics tell."""
    text = httpx.get(f"http://{listen}/metrics").text
    return {
        sample.labels["reason"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "keyhouse_restarts_total" and sample.labels["name"] == name
    }


def test_two_workers_count_a_rate_together(machine: Machine, upstream: str) -> None:
    """On a Valkey that nobody had to set up, and that ends with them."""
    machine.run("bootstrap")
    serve, _ = machine.serve("--workers", "2")
    key = _key(machine, upstream, RATE)
    assert len(_gateways(serve)) == 2
    statuses = []
    for _ in range(2 * RATE):
        # A connection each, so that the kernel shares them out.
        url = f"http://{machine.gateway}/echo/a"
        statuses.append(httpx.get(url, headers={"X-API-Key": key.secret}).status_code)
    assert statuses.count(200) == RATE
    assert set(statuses) == {200, 429}
    [counters] = _counters(serve)
    serve.send_signal(signal.SIGTERM)
    assert serve.wait(30) == 0
    assert until(lambda: not Path(f"/proc/{counters}").exists())


def test_their_valkey_is_replaced_when_it_does_nothing(
    machine: Machine, upstream: str
) -> None:
    """Without it each would count alone, for as long as nobody looks."""
    machine.more["KEYHOUSE_GATEWAY__HUNG_SECONDS_MAX"] = "2"
    listen = machine.more["KEYHOUSE_METRICS__LISTEN"] = f"127.0.0.1:{free_port()}"
    machine.run("bootstrap")
    serve, _ = machine.serve("--workers", "2")
    key = _key(machine, upstream, None)
    before = _counters(serve)
    [hung] = before
    os.kill(hung, signal.SIGSTOP)
    assert until(lambda: before.isdisjoint(now := _counters(serve)) and len(now) == 1)
    url = f"http://{machine.gateway}/echo/a"
    assert httpx.get(url, headers={"X-API-Key": key.secret}).status_code == 200
    assert until(lambda: _restarts(listen, "counters") == {"hung": 1.0})
    serve.send_signal(signal.SIGTERM)
    said, _ = serve.communicate(timeout=30)
    assert f"counters hangs: pid {hung} has not moved for 2 s" in said


def test_a_renewal_loses_no_request(machine: Machine, upstream: str) -> None:
    """Not of those who keep their connections either."""
    machine.run("bootstrap")
    serve, _ = machine.serve("--workers", "2")
    key = _key(machine, upstream, None)
    port = int(machine.gateway.rpartition(":")[2])
    before = _gateways(serve)

    async def story() -> Tally:
        tally, end = Tally(), asyncio.Event()
        calling = [
            asyncio.create_task(keep_calling(Caller(port, key, tally), end))
            for _ in range(6)
        ]
        await comes(lambda: tally.served >= 50, str)
        serve.send_signal(signal.SIGHUP)
        await comes(
            lambda: before.isdisjoint(now := _gateways(serve)) and len(now) == 2, str
        )
        served = tally.served
        await comes(lambda: tally.served >= served + 50, str)
        end.set()
        await asyncio.gather(*calling)
        return tally

    tally = asyncio.run(story())
    assert tally.lost == 0
    assert set(tally.statuses) == {200}


def test_a_worker_that_is_killed_is_replaced_and_the_other_goes_on(
    machine: Machine, upstream: str
) -> None:
    machine.run("bootstrap")
    serve, told = machine.serve("--workers", "2")
    key = _key(machine, upstream, None)
    os.kill(told["gateway"]["pid"], signal.SIGKILL)
    url = f"http://{machine.gateway}/echo/a"
    for _ in range(20):
        answer = httpx.get(url, headers={"X-API-Key": key.secret}, timeout=30)
        assert answer.status_code == 200
    assert until(lambda: len(_gateways(serve)) == 2)

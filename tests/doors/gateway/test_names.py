"""Names of upstreams: one whose DNS hangs shuts no other out."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from keyhouse.doors.gateway import names
from tests.doors.gateway.conftest import House, until, within
from tests.doors.gateway.doubles import KEY, api_record
from tests.doors.gateway.wire import Answer, ok

OWN_MAX = 13
"""Names of one owner that are looked up at a time, where no other has any."""


class Dns:
    """What the system says of names. Those that begin with `slow` hang until `go`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.leads = "127.0.0.1"
        self.go = threading.Event()

    def __call__(self, name: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked[name] += 1
        if name.startswith("slow"):
            self.go.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (self.leads, 0))]


@pytest.fixture
async def dns(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dns]:
    """The system's resolver, for a gateway with APIs `fast`, `slow-0`, `slow-1` …

    They all belong to one organization.
    """
    made = Dns()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    for slug in ("fast", "other", *(f"slow-{n}" for n in range(OWN_MAX))):
        url = f"http://{slug}.test:{house.upstream.port}"
        house.verifier.apis[slug] = api_record(slug, url)
    yield made
    made.go.set()


def get(slug: str) -> bytes:
    return (
        f"GET /{slug}/x HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY.decode()}\r\n\r\n".encode()
    )


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"]


async def test_a_name_that_hangs_holds_up_its_own_api_alone(house: House, dns: Dns) -> None:
    """And is looked up once for all who wait, of whom some may leave."""
    await house.start()
    clients = [await house.client() for _ in range(60)]
    for client in clients:
        client.send(get("slow-0"))
    await until(lambda: len(house.verifier.requests) == 60)
    gone, *others = clients
    await gone.close()
    with within(5):
        for slug in ("fast", "other"):
            assert (await house.ask(get(slug))).status == 200
    dns.go.set()
    for client in others:
        assert told(await client.answer()) == (502, "upstream_unreachable")
    assert dns.asked["slow-0.test"] == 1


async def test_where_too_many_hang_a_further_one_is_told_soon(
    house: House, dns: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "WAIT_SECONDS_MAX", 0.05)
    await house.start()
    for n in range(OWN_MAX):
        (await house.client()).send(get(f"slow-{n}"))
    await until(lambda: len(dns.asked) == OWN_MAX)
    with within(5):
        assert told(await house.ask(get("fast"))) == (502, "upstream_unreachable")
        assert (await house.ask(get("weather"))).status == 200  # an address, no name
    assert "fast.test" not in dns.asked
    dns.go.set()
    await until(lambda: len(house.meter.completed_rows) == OWN_MAX + 2)
    assert (await house.ask(get("fast"))).status == 200


async def test_an_owner_whose_names_hang_shuts_no_other_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor do a few such owners; and their own names have their turn in the end."""
    dns = Dns()
    monkeypatch.setattr(socket, "getaddrinfo", dns)
    book = names.Names(asyncio.get_running_loop())

    async def ask(owner: str, host: str) -> list[str] | str:
        try:
            return await book.addresses(owner, host)
        except OSError as error:
            return str(error)

    waiting = []
    with within(5):
        for owner in ("a", "b", "c", "d", "e"):
            hang = [ask(owner, f"slow-{owner}-{n}.test") for n in range(OWN_MAX)]
            last = ask(owner, f"last-of-{owner}.test")
            waiting += [asyncio.create_task(one) for one in (*hang, last)]
            await until(lambda: f"slow-{owner}-0.test" in dns.asked)  # noqa: B023 - now
            assert await ask("somebody", f"beside-{owner}.test") == ["127.0.0.1"]
        await until(lambda: f"slow-a-{OWN_MAX - 1}.test" in dns.asked)
        assert "last-of-a.test" not in dns.asked
        dns.go.set()
        ended = await asyncio.gather(*waiting)
    assert [one for one in ended if isinstance(one, list)] == [["127.0.0.1"]] * 5
    await book.close()


async def test_a_name_is_not_looked_up_for_each_connection(house: House, dns: Dns) -> None:
    house.upstream.reply(ok(b"and gone", "Connection: close"), end=True)
    await house.start()
    for _ in range(3):
        assert (await house.ask(get("fast"))).status == 200
    assert (house.upstream.connections, dns.asked["fast.test"]) == (3, 1)


async def test_a_name_that_leads_elsewhere_is_followed(
    house: House, dns: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon, and at once where the address before answers no more."""
    house.upstream.reply(ok(b"and gone", "Connection: close"), end=True)
    await house.start()
    dns.leads = "127.0.0.3"
    assert told(await house.ask(get("fast"))) == (502, "upstream_unreachable")
    dns.leads = "127.0.0.1"
    assert (await house.ask(get("fast"))).status == 200
    monkeypatch.setattr(names, "FRESH_SECONDS", 0)
    assert (await house.ask(get("other"))).status == 200
    dns.leads = "127.0.0.3"
    assert told(await house.ask(get("other"))) == (502, "upstream_unreachable")


def test_a_name_that_hangs_does_not_keep_the_process_from_ending() -> None:
    script = """
import asyncio, socket, time
from keyhouse.doors.gateway.names import Names
socket.getaddrinfo = lambda *_, **__: time.sleep(600)
async def main():
    names = Names(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(0.1):
            await names.addresses("org_1", "slow.test")
    except TimeoutError:
        await names.close()
        print("gave up")
asyncio.run(main())
"""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "gave up\n", "")

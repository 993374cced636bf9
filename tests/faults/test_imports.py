"""Keys of another system are imported beside callers, and open at once what they should."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.contracts.conftest import postgres
from tests.faults.harness import (
    Caller,
    Installation,
    Key,
    Tally,
    Upstream,
    eventually,
)
from tests.servers.postgres import PostgresServer  # noqa: TC001 - one place for imports

__all__ = ["postgres"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = int(os.environ.get("KEYHOUSE_SOAK_IMPORT", "2000"))
"""How many keys the long import brings; the promise is about 100,000."""
SECONDS_MAX = 60.0
PROMISED_ROWS = 100_000
GROWTH_MAX = 64 << 20
HASHED = 20
PAUSE_SECONDS = 0.002


def string(number: int) -> str:
    """What a caller of the other system holds."""
    return f"old.{hashlib.sha256(str(number).encode()).hexdigest()[:36]}"


def write_csv(path: Path, numbers: range) -> None:
    """A file of keys; the first few are known by their hashes alone."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write("name,secret,hash,external_id\r\n")
        for number in numbers:
            held = string(number)
            if number - numbers.start < HASHED:
                kept = f",{hashlib.sha256(held.encode()).hexdigest()}"
            else:
                kept = f"{held},"
            file.write(f"Caller {number},{kept},crm-{number % 1000}\r\n")


@asynccontextmanager
async def installed(folder: Path, database_url: str | None) -> AsyncGenerator[Installation]:
    async with Upstream().serving() as upstream:
        made = Installation(folder, upstream)
        if database_url is not None:
            made.environ["KEYHOUSE_DATA__DATABASE_URL"] = database_url
        try:
            await asyncio.to_thread(made.open)
            yield made
        finally:
            await asyncio.to_thread(made.close)


@pytest_asyncio.fixture(loop_scope="session", params=["sqlite", "postgresql"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Installation]:
    """An installation of its own, on each kind of database in turn."""
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.create())
    async with installed(tmp_path, url) as made:
        yield made


async def longest_wait(caller: Caller, end: asyncio.Event) -> float:
    """Call again and again, and tell the longest time to an answer, in seconds.

    With pauses: how a gateway fares is to be seen, not how much it can bear.
    """
    longest = 0.0
    while not end.is_set():
        began = time.monotonic()
        await caller.call()
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(PAUSE_SECONDS)
    caller.close()
    return longest


async def call(port: int, secret: str, api: str = "echo") -> int | None:
    """The status of one call with that string."""
    caller = Caller(port, Key("", secret), Tally(), api=api)
    try:
        return await caller.call()
    finally:
        caller.close()


def told(ran: Any) -> dict[str, Any]:
    """What the command told as JSON."""
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


async def test_many_keys_are_imported_beside_callers_who_notice_nothing(
    house: Installation, tmp_path: Path
) -> None:
    gateway = await asyncio.to_thread(house.gateway)
    key = await asyncio.to_thread(house.key, "beside", 1_000_000_000)
    end, calls = asyncio.Event(), Tally()
    waiting = asyncio.create_task(longest_wait(Caller(gateway.port, key, calls), end))
    assert await call(gateway.port, string(HASHED)) == 401
    file = tmp_path / "keys.csv"
    await asyncio.to_thread(write_csv, file, range(ROWS))
    before = house.management.resident_bytes
    began = time.monotonic()
    line = ("keys", "import", str(file), "--format", "csv", "--api", "echo", "--json")
    found = told(await asyncio.to_thread(house.run, *line))
    lasted = time.monotonic() - began
    opened = [await call(gateway.port, string(n)) for n in (0, 1, HASHED, ROWS - 1)]
    grown = house.management.resident_bytes - before
    end.set()
    longest = await waiting
    print(
        f"{ROWS} keys in {lasted:.1f} s; {calls.served} calls beside it, the longest "
        f"{longest * 1000:.0f} ms; management grew by {grown >> 20} MiB"
    )
    assert (found["state"], found["imported"], found["problems"]) == ("done", ROWS, [])
    assert opened == [200] * 4
    assert await call(gateway.port, string(ROWS)) == 401
    assert set(calls.statuses) == {200}
    assert calls.lost == 0
    assert grown < GROWTH_MAX
    if ROWS >= PROMISED_ROWS:
        assert lasted <= SECONDS_MAX * ROWS / PROMISED_ROWS

    def rehashed() -> int:
        return len(list(house.client.audit.each(action="secret.rehash")))

    await asyncio.to_thread(eventually, lambda: rehashed() == 2, "hashes stay as they were")
    assert await call(gateway.port, string(0)) == 200
    other = await asyncio.to_thread(house.gateway)
    assert [await call(other.port, string(n)) for n in (0, 1, 2)] == [200] * 3


async def test_an_import_that_broke_off_is_taken_up_again_or_undone(
    house: Installation, tmp_path: Path
) -> None:
    gateway = await asyncio.to_thread(house.gateway)
    file = tmp_path / "keys.csv"
    await asyncio.to_thread(write_csv, file, range(1200))
    text = file.read_text("utf-8-sig")
    first = "".join(text.splitlines(keepends=True)[:501])

    def begun() -> str:
        made = house.client.imports.create("csv", access=[{"api": "echo"}])
        house.client.imports.add_part(made["id"], 1, first, line=2)
        return str(made["id"])

    id = await asyncio.to_thread(begun)
    await asyncio.to_thread(house.kill_management)
    await asyncio.to_thread(house.start_management)
    assert await call(gateway.port, string(HASHED)) == 401
    line = ("keys", "import", str(file), "--format", "csv", "--resume", id, "--json")
    found = told(await asyncio.to_thread(house.run, *line))
    assert (found["state"], found["rows"], found["imported"]) == ("done", 1200, 1200)
    assert [await call(gateway.port, string(n)) for n in (0, 499, 1199)] == [200] * 3

    await asyncio.to_thread(write_csv, file, range(5000, 6200))
    first = file.read_text("utf-8-sig")
    first = "".join(first.splitlines(keepends=True)[:501])
    id = await asyncio.to_thread(begun)
    ran = await asyncio.to_thread(house.run, "imports", "cancel", id)
    assert ran.returncode == 0, ran.stderr

    def state() -> str:
        return str(house.client.imports.get(id)["state"])

    await asyncio.to_thread(eventually, lambda: state() == "undone", "it is not undone")
    assert await call(gateway.port, string(5100)) == 401
    line = ("keys", "import", str(file), "--format", "csv", "--api", "echo", "--dry-run")
    dry = told(await asyncio.to_thread(house.run, *line, "--json"))
    assert (dry["state"], dry["imported"]) == ("undone", 1200)

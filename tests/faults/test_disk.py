"""A full disk, a full spool: what cannot be counted is not served, and none is lost."""

import asyncio
import contextlib
import os
import resource
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from keyhouse.doors.cli.failures import UNREACHABLE
from keyhouse_client import ProblemError
from tests.faults.harness import Installation, Running, Upstream
from tests.faults.load import Load, memory_back

pytestmark = pytest.mark.asyncio(loop_scope="session")

SPOOL_BYTES = 256 << 10
DISK_BYTES = 256 << 20
MANY = 10**9


async def test_a_full_spool_refuses_and_what_was_served_is_booked(
    installation: Installation,
) -> None:
    """Nobody can write to the database: usage waits in the spool, until that is full."""
    load = Load(installation)
    plain, limited = await load.add("plain"), await load.add("limited", MANY)
    gateway = await asyncio.to_thread(
        lambda: installation.gateway(
            module="tests.faults.small_gateway", SPOOL_BYTES=str(SPOOL_BYTES)
        )
    )
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady()
        with _locked(installation.folder / "data" / "keyhouse.db"):
            await load.steady(503, [plain])
        await load.steady()
    assert plain.statuses() == {200, 503}
    assert limited.statuses() <= {200, 503}
    await load.reckon()


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """Somebody holds the right to write; who reads notices nothing."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _full_disk(house: Installation, _: Running) -> Iterator[None]:
    """Not a byte is left on the disk that the data folder is on."""
    filler = house.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0")
    yield
    filler.unlink()


@contextmanager
def _no_file_may_grow(house: Installation, gateway: Running) -> Iterator[None]:
    """As good as a full disk, and anybody may do it to processes of his own."""
    pids = [gateway.pid, house.management.pid]
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_, most) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, most))
    yield
    for pid, limits in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A small disk of its own, where one may be mounted."""
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs"]
    subprocess.run([*line, str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _may_mount() -> bool:
    line = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    with contextlib.suppress(OSError):
        return os.geteuid() == 0 and not subprocess.run(line, check=False).returncode
    return False


Full = Callable[[Installation, Running], AbstractContextManager[None]]
EACH: list[Full] = [*([_full_disk] if _may_mount() else []), _no_file_may_grow]
FULL = EACH if "KEYHOUSE_SOAK_AWAY" in os.environ else EACH[:1]


@pytest_asyncio.fixture(loop_scope="session", params=FULL)
async def house(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Installation, Full]]:
    """An installation on a disk that will be full, and what makes it so."""
    own = _disk(tmp_path / "disk") if request.param is _full_disk else None
    with own or contextlib.nullcontext(tmp_path) as folder:
        async with Upstream().serving() as upstream:
            made = Installation(folder, upstream)
            try:
                await asyncio.to_thread(made.open)
                yield made, request.param
            finally:
                await asyncio.to_thread(made.close)


async def test_a_full_disk_stops_what_must_be_written_and_nothing_else(
    house: tuple[Installation, Full],
) -> None:
    made, full = house
    load = Load(made)
    plain, limited = await load.add("plain"), await load.add("limited", MANY)
    gateway = await asyncio.to_thread(made.gateway)
    async with memory_back(gateway), load.on(gateway.port):
        await load.steady()
        with full(made, gateway):
            await load.steady(503, [limited])
            await load.steady(200, [plain], calls=200)
            listed = await asyncio.to_thread(made.client.keys.get, plain.key.id)
            assert listed["id"] == plain.key.id
            with pytest.raises(ProblemError) as refused:
                await asyncio.to_thread(made.key, "one more")
            assert refused.value.status == 503
            if full is _full_disk:
                ran = await asyncio.to_thread(made.run, "gateway")
                assert ran.returncode == UNREACHABLE
                assert "no place to write usage down" in ran.stderr
                assert len(ran.stderr.splitlines()) < 5
        await load.steady()
        await asyncio.to_thread(made.key, "one more")
    assert plain.statuses() == {200}
    await load.reckon()

"""Real Keyhouse processes on a data folder of their own, and callers that count.

What is started here is ended here, by its process id; all of it listens on
127.0.0.1 only.
"""

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keyhouse_client import Client

PATIENCE_SECONDS = 30.0
ROUNDS = int(os.environ.get("KEYHOUSE_SOAK_ROUNDS", "20"))
"""How often the long stories repeat what they do."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds, asked again and again; fails with `what`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


# -- processes ------------------------------------------------------------------


class Running:
    """One `python -m keyhouse …` process, ready when this is made.

    `module` is run in its place.
    """

    def __init__(
        self,
        command: str,
        port: int,
        ready_path: str,
        environ: Mapping[str, str],
        log: Path,
        module: str = "keyhouse",
    ) -> None:
        self.port = port
        self._log = log
        with log.open("ab") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, command],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                start_new_session=True,
            )
        try:
            eventually(lambda: self._ready(ready_path), f"{command} does not get ready")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}:\n{self._tail()}") from None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def resident_bytes(self) -> int:
        """How much memory the process holds.

        Without what it shares with files: pages of its spool, which the kernel
        counts once each was written, come to 64 MiB in the end and are the cache's.
        """
        statm = Path(f"/proc/{self._process.pid}/statm").read_text("ascii")
        resident, shared = map(int, statm.split()[1:3])
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM. Fails where it does not end by itself, and in order."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            code = self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"does not stop:\n{self._tail()}") from None
        assert code == 0, f"stopped with {code}:\n{self._tail()}"

    def _ready(self, path: str) -> bool:
        assert self._process.poll() is None, f"ended by itself:\n{self._tail()}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tail(self) -> str:
        return self._log.read_text("utf-8", "replace")[-4000:]


@dataclass
class Key:
    """A key as its caller knows it."""

    id: str
    secret: str = field(repr=False)


class Installation:
    """A data folder with an organization, an API `echo` and a management process.

    Its methods block: on an event loop they are called on a thread.
    """

    def __init__(self, folder: Path, upstream: "Upstream") -> None:
        self.folder = folder
        self.upstream = upstream
        self.management_port = free_port()
        self.environ = {
            **{
                name: value for name, value in os.environ.items() if name[:9] != "KEYHOUSE_"
            },
            "KEYHOUSE_DATA__DIR": str(folder / "data"),
            "KEYHOUSE_MANAGEMENT__LISTEN": f"127.0.0.1:{self.management_port}",
        }
        self._management: Running | None = None
        self._management_key = ""
        self._gateways: list[Running] = []
        self._closing = contextlib.ExitStack()
        self.client: Client

    def open(self) -> None:
        """Make all of it and start management."""
        self._management_key = _bootstrap(self.folder, self.environ)
        self.start_management()
        client = Client(self.url, self._management_key)
        self.client = self._closing.enter_context(client)
        self.api("echo")

    def start_management(self) -> None:
        """Start the management process, on the same port each time."""
        self._management = self._start("management", self.management_port, "/ready")

    def kill_management(self) -> None:
        """kill -9."""
        if self._management is not None:
            self._management.kill()

    @property
    def url(self) -> str:
        """Where the management API is."""
        return f"http://127.0.0.1:{self.management_port}"

    @property
    def management(self) -> Running:
        """The management process."""
        assert self._management is not None
        return self._management

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        """`keyhouse` as one types it, with the management key in the environment."""
        held = {"KEYHOUSE_URL": self.url, "KEYHOUSE_API_KEY": self._management_key}
        return subprocess.run(
            [sys.executable, "-m", "keyhouse", *line],
            check=False,
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE_SECONDS,
            env={**self.environ, **held},
        )

    def gateway(
        self, port: int | None = None, *, module: str = "keyhouse", **environ: str
    ) -> Running:
        """One more gateway on the data folder, ended with the installation."""
        port = port or free_port()
        started = self._start(
            "gateway",
            port,
            "/.keyhouse/ready",
            module,
            KEYHOUSE_GATEWAY__LISTEN=f"127.0.0.1:{port}",
            **environ,
        )
        self._gateways.append(started)
        return started

    def api(self, slug: str) -> str:
        """One more API before the same upstream; its id."""
        url = f"http://127.0.0.1:{self.upstream.port}"
        made = self.client.apis.create(slug=slug, upstreams={"test": url, "live": url})
        return str(made["id"])

    def key(self, name: str, quota: int | None = None, api: str = "echo") -> Key:
        """A new key for an API, with a quota a month if one is given."""
        limit = {"name": "monthly", "quota": quota, "window": "month"}
        limits = [] if quota is None else [limit]
        made = self.client.keys.create(name, [{"api": api}], limits=limits)
        return Key(made["id"], str(made["secret"]))

    def metered(self, key: Key) -> int:
        """How many requests were booked as allowed for a key."""
        rows = self.client.usage.each(key=key.id, step="day")
        return sum(row["requests"] for row in rows if row["verdict"] == "valid")

    def end_gateways(self) -> None:
        """End those that still run; fails where one does not end in order."""
        gateways, self._gateways = self._gateways, []
        for gateway in gateways:
            gateway.send(signal.SIGCONT)
        for gateway in gateways:
            gateway.stop()

    def close(self) -> None:
        """End all processes that were started."""
        self._closing.close()
        self.end_gateways()
        if self._management is not None:
            self._management.stop()

    def _start(
        self, command: str, port: int, path: str, module: str = "keyhouse", **environ: str
    ) -> Running:
        log = self.folder / f"{command}-{port}.log"
        return Running(command, port, path, {**self.environ, **environ}, log, module)


def _bootstrap(folder: Path, environ: Mapping[str, str]) -> str:
    """The first rows and the management key, as somebody makes them by hand."""
    kept = folder / "management-key"
    ran = subprocess.run(
        [sys.executable, "-m", "keyhouse", "bootstrap", "--out", str(kept)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env=dict(environ),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return kept.read_text("utf-8").strip()


# -- the upstream ---------------------------------------------------------------


class Upstream:
    """Answers 200 to everything, and counts by `Keyhouse-Key-Id`.

    `costs` says for a key's id what each of its calls comes to; `told` sums that up.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.costs: dict[str, Callable[[], int]] = {}
        self.port = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncGenerator["Upstream"]:
        """Listens on a free port of 127.0.0.1 until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def serve_also(self, listening: socket.socket) -> asyncio.Server:
        """Answer there as well, until what is returned is closed."""
        return await asyncio.start_server(self._serve, sock=listening)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                key_id = _header(head, b"keyhouse-key-id")
                self.seen[key_id] += 1
                told = b""
                if key_id in self.costs:
                    cost = self.costs[key_id]()
                    self.told[key_id] += cost
                    told = b"keyhouse-cost: %d\r\n" % cost
                writer.write(b"HTTP/1.1 200 OK\r\n%bcontent-length: 2\r\n\r\nok" % told)
        writer.close()


# -- callers --------------------------------------------------------------------


@dataclass
class Tally:
    """What callers of one key saw: `lost` were sent and never answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0

    @property
    def served(self) -> int:
        """Answers of 200."""
        return self.statuses[200]


class Caller:
    """One connection of a key's caller. Opened when first needed, and again.

    It comes from `address`, any of 127.0.0.0/8.
    """

    def __init__(
        self,
        port: int,
        key: Key,
        tally: Tally,
        *,
        api: str = "echo",
        address: str = "127.0.0.1",
    ) -> None:
        self._port = port
        self._tally = tally
        self._api = api
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.use(key.secret)

    def use(self, secret: str) -> None:
        """Send this secret from now on."""
        self._request = (
            f"GET /{self._api}/ HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"X-API-Key: {secret}\r\n\r\n"
        ).encode("ascii")

    async def call(self) -> int | None:
        """The status, None where no whole answer came."""
        if not await self.send():
            return None
        return await self.answer()

    async def send(self) -> bool:
        """Send a request and wait for nothing; False where nobody listens."""
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection(
                    "127.0.0.1", self._port, local_addr=(self._address, 0)
                )
            except OSError:
                return False
        self._streams[1].write(self._request)
        return True

    async def answer(self) -> int | None:
        """The status of the next answer; a broken connection loses it."""
        assert self._streams is not None
        reader, _ = self._streams
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(_header(head, b"content-length")))
        except (asyncio.IncompleteReadError, OSError):
            self._tally.lost += 1
            self.close()
            return None
        status = int(head[9:12])
        self._tally.statuses[status] += 1
        if _header(head, b"connection").lower() == "close":
            self.close()
        return status

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def keep_calling(caller: Caller, end: asyncio.Event, most: int | None = None) -> None:
    """Call without a pause until the event, or until `most` were answered."""
    answered = 0
    while not end.is_set() and answered != most:
        if await caller.call() is None:
            await asyncio.sleep(0.01)  # nobody listens now; do not spin
        else:
            answered += 1
    caller.close()


def _header(head: bytes, name: bytes) -> str:
    for line in head.split(b"\r\n"):
        found, _, value = line.partition(b":")
        if found.lower() == name:
            return value.strip().decode("ascii")
    return ""


def callers(
    count: int, port: int, key: Key, tally: Tally, *, api: str = "echo"
) -> list[Caller]:
    """So many callers of one key."""
    return [Caller(port, key, tally, api=api) for _ in range(count)]


async def until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """As `eventually`, while the event loop goes on; `what` is asked at the end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what()
        await asyncio.sleep(0.002)

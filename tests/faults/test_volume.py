"""Much of everything: large bodies, many idle connections, events without end.

The sizes are for every day; `make soak` asks for the promised ones.
"""

import asyncio
import os
import resource
import socket
import statistics
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import pytest

from tests.faults.harness import PATIENCE_SECONDS, Installation, Running

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODY_BYTES = int(os.environ.get("KEYHOUSE_SOAK_BODY_BYTES", str(128 << 20)))
GROWTH_MAX = 50 << 20
IDLE = int(os.environ.get("KEYHOUSE_SOAK_IDLE", "500"))
IDLE_BYTES_MAX = 32 << 10
"""Of the gateway's memory for an idle connection; some 6 KiB are usual."""
EVENTS = int(os.environ.get("KEYHOUSE_SOAK_EVENTS", "50"))
BLOCK = bytes(range(256)) * 1024
STALL_SECONDS = 0.5
BUFFER_BYTES = 1 << 18
"""Of our own sockets, so that not the kernel takes what the reader does not."""


# -- bodies -----------------------------------------------------------------------


class Stream:
    """A body: sent, or read and compared, at the pace of whoever is slower."""

    def __init__(self, *, chunked: bool) -> None:
        self.chunked = chunked
        self.sent = self.got = 0
        self.sent_crc = self.got_crc = 0

    @property
    def framing(self) -> bytes:
        if self.chunked:
            return b"Transfer-Encoding: chunked\r\n\r\n"
        return b"Content-Length: %d\r\n\r\n" % BODY_BYTES

    def send(self, sock: socket.socket) -> None:
        while self.sent < BODY_BYTES:
            piece = BLOCK[: BODY_BYTES - self.sent]
            head = b"%x\r\n" % len(piece) if self.chunked else b""
            sock.sendall(b"".join((head, piece, b"\r\n" if self.chunked else b"")))
            self.sent += len(piece)
            self.sent_crc = zlib.crc32(piece, self.sent_crc)
        if self.chunked:
            sock.sendall(b"0\r\n\r\n")

    def read(self, file: BinaryIO) -> None:
        while self.got < BODY_BYTES:
            if self.chunked:
                piece = file.read(int(file.readline(), 16) + 2)[:-2]
            else:
                piece = file.read(min(len(BLOCK), BODY_BYTES - self.got))
            assert piece, "cut short"
            self.got += len(piece)
            self.got_crc = zlib.crc32(piece, self.got_crc)
        if self.chunked:
            assert (file.readline(), file.readline()) == (b"0\r\n", b"\r\n")

    def stalls(self) -> int:
        """How much was sent when nothing more goes, as nobody reads."""
        last = -1
        while last != self.sent:
            last = self.sent
            time.sleep(STALL_SECONDS)
        return last


@contextmanager
def upstream(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where each connection is served on a thread, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=serve_one, args=(sock,))
                threads.append(thread)
                thread.start()

        def serve_one(sock: socket.socket) -> None:
            with closing(sock):
                serve(sock)

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)


def connect(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    sock.settimeout(PATIENCE_SECONDS)
    sock.connect(("127.0.0.1", port))
    return sock


def read_head(file: BinaryIO) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        assert line, "cut short"
        head += line
    return head


@contextmanager
def growth(gateway: Running) -> Iterator[list[int]]:
    """The most that the process grew by while the block ran, in the list given."""
    before = gateway.resident_bytes
    grown = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            grown[0] = max(grown[0], gateway.resident_bytes - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        done.set()
        watching.join()


def secret_for(installation: Installation, slug: str, port: int) -> bytes:
    """A key for a new API with its upstream there."""
    url = f"http://127.0.0.1:{port}"
    installation.client.apis.create(slug=slug, upstreams={"test": url})
    made = installation.client.keys.create(slug, [{"api": slug}])
    return str(made["secret"]).encode("ascii")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_large_body_passes_in_little_memory(
    installation: Installation, record_property: Callable[..., None], *, chunked: bool
) -> None:
    """Up and down; the reader of each does not read until its sender is held."""
    await asyncio.to_thread(_large_body, installation, record_property, chunked=chunked)


def _large_body(
    installation: Installation, record_property: Callable[..., None], *, chunked: bool
) -> None:
    up, down = Stream(chunked=chunked), Stream(chunked=chunked)
    go_up, go_down = threading.Event(), threading.Event()

    def serve(sock: socket.socket) -> None:
        with sock.makefile("rb") as file:
            read_head(file)
            assert go_up.wait(PATIENCE_SECONDS)
            up.read(file)
            sock.sendall(b"HTTP/1.1 200 OK\r\n" + down.framing)
            down.send(sock)

    slug = f"large-{'chunked' if chunked else 'length'}"
    with upstream(serve) as port:
        secret = secret_for(installation, slug, port)
        gateway = installation.gateway()
        with growth(gateway) as grown, connect(gateway.port) as sock:
            head = b"POST /%b/x HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n" % (
                slug.encode(),
                secret,
            )
            sock.sendall(head + up.framing)
            sending = threading.Thread(target=up.send, args=(sock,))
            sending.start()
            assert up.stalls() < BODY_BYTES / 2
            go_up.set()
            sending.join()
            assert down.stalls() < BODY_BYTES / 2
            go_down.set()
            with sock.makefile("rb") as file:
                assert read_head(file).startswith(b"HTTP/1.1 200 OK\r\n")
                down.read(file)
    assert (up.got, up.got_crc) == (BODY_BYTES, up.sent_crc)
    assert (down.got, down.got_crc) == (BODY_BYTES, down.sent_crc)
    told = f"{BODY_BYTES >> 20} MiB each way: {grown[0] / (1 << 20):.1f} MiB more"
    record_property("memory", told)
    print(f"{slug}: {told}")
    assert grown[0] < GROWTH_MAX, told


# -- idle connections -----------------------------------------------------------------


@pytest.fixture
def files() -> Iterator[None]:
    """As many of our own open files as connections are held."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_idle_connections_are_held_and_others_go_on(
    installation: Installation, files: None, record_property: Callable[..., None]
) -> None:
    await asyncio.to_thread(_idle, installation, record_property)


def _idle(installation: Installation, record_property: Callable[..., None]) -> None:
    key = installation.key("idle")
    gateway = installation.gateway(
        KEYHOUSE_GATEWAY__CONNECTIONS_MAX=str(IDLE + 1),
        KEYHOUSE_GATEWAY__IDLE_SECONDS_MAX="600",
    )
    asked = b"GET /echo/ HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n\r\n" % key.secret.encode()
    with connect(gateway.port) as working:
        call(working, asked)
        before = gateway.resident_bytes
        held: list[socket.socket] = []
        try:
            while len(held) < IDLE:
                held.append(connect(gateway.port))
                # At once: who has shown no key makes room where all places are taken.
                call(held[-1], asked)
            each = (gateway.resident_bytes - before) / IDLE
            for _ in range(100):
                call(working, asked)
            with connect(gateway.port) as waiting:
                _wait_for_room(waiting, asked, held)
            for sock in held:
                call(sock, asked)
        finally:
            for sock in held:
                sock.close()
        call(working, asked)
    told = f"{IDLE} idle connections: {each / 1024:.1f} KiB each"
    record_property("idle", told)
    print(told)
    assert each < IDLE_BYTES_MAX, told


def _wait_for_room(waiting: socket.socket, asked: bytes, held: list[socket.socket]) -> None:
    """One too many is not sent away: it waits until another has gone."""
    waiting.sendall(asked)
    waiting.settimeout(STALL_SECONDS)
    with pytest.raises(TimeoutError):
        waiting.recv(1)
    waiting.settimeout(PATIENCE_SECONDS)
    held.pop().close()
    answered(waiting)


def call(sock: socket.socket, asked: bytes) -> None:
    sock.sendall(asked)
    answered(sock)


def answered(sock: socket.socket) -> None:
    got = b""
    while not got.endswith(b"\r\n\r\nok"):
        piece = sock.recv(4096)
        assert piece, got
        got += piece
    assert got.startswith(b"HTTP/1.1 200 OK\r\n"), got


# -- events ---------------------------------------------------------------------------


async def test_each_event_arrives_before_the_next_one_is_written(
    installation: Installation, record_property: Callable[..., None]
) -> None:
    await asyncio.to_thread(_events, installation, record_property)


def _events(installation: Installation, record_property: Callable[..., None]) -> None:
    """Both ends read one clock; how long an event takes is told, and not judged."""
    written_at: list[int] = []
    go = threading.Semaphore(0)

    def serve(sock: socket.socket) -> None:
        with sock.makefile("rb") as file:
            read_head(file)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(EVENTS):
            assert go.acquire(timeout=PATIENCE_SECONDS)
            event = b"data: %d\n\n" % number
            written_at.append(time.perf_counter_ns())
            sock.sendall(b"%x\r\n%b\r\n" % (len(event), event))
        sock.sendall(b"0\r\n\r\n")

    delays: list[float] = []
    with upstream(serve) as port:
        secret = secret_for(installation, "events", port)
        gateway = installation.gateway()
        with connect(gateway.port) as sock, sock.makefile("rb") as file:
            head = b"GET /events/x HTTP/1.1\r\nHost: a\r\nX-API-Key: %b\r\n\r\n"
            sock.sendall(head % secret)
            read_head(file)
            for number in range(EVENTS):
                go.release()
                event = file.read(int(file.readline(), 16) + 2)
                delays.append((time.perf_counter_ns() - written_at[number]) / 1e6)
                assert event == b"data: %d\n\n\r\n" % number
            assert file.readline() == b"0\r\n"
    delays.sort()
    told = (
        f"{EVENTS} events: median {statistics.median(delays):.2f} ms, "
        f"p99 {delays[int(EVENTS * 0.99)]:.2f} ms"
    )
    record_property("events", told)
    print(told)

"""Two machines with a cable between them, as network namespaces of this one.

Needs root and iproute2. What a relay cannot show: packets that are lost and
nobody is told, a link that is down, TCP that sends again and again.
"""

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.servers.postgres import PostgresServer

NEAR, FAR = "10.77.0.1", "10.77.0.2"
_NOBODY_S = "02:00:00:00:00:99"
_NEW_NET = 0x40000000
_T = TypeVar("_T")


def enter(namespace: str) -> None:
    """Have this thread, and what it starts, be in the network of that name."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", namespace).open("rb") as network:
        if libc.setns(network.fileno(), _NEW_NET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), namespace)


def inside(namespace: str, act: Callable[[], _T]) -> _T:
    """What comes of doing something there, on a thread of its own."""
    made: list[_T] = []

    def run() -> None:
        enter(namespace)
        made.append(act())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return made[0]


def listener(port: int) -> socket.socket:
    """A listening socket on that port of 127.0.0.1, in the network of the thread."""
    bound = socket.create_server(("127.0.0.1", port), backlog=256)
    bound.setblocking(False)
    return bound


class Cable:
    """Between the namespaces `near` and `far`, where NEAR and FAR are."""

    def __init__(self, name: str) -> None:
        self.near, self.far = f"{name}-near", f"{name}-far"
        self._ends = {self.near: f"{name}n", self.far: f"{name}f"}

    def lay(self) -> None:
        """Make both namespaces and connect them."""
        for namespace in self._ends:
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        near, far = self._ends.values()
        peer = ("type", "veth", "peer", "name", far, "netns", self.far)
        _ip("-n", self.near, "link", "add", near, *peer)
        for (namespace, end), address in zip(self._ends.items(), (NEAR, FAR), strict=True):
            _ip("-n", namespace, "address", "add", f"{address}/24", "dev", end)
            _ip("-n", namespace, "link", "set", end, "up")

    def remove(self) -> None:
        """Undo `lay`, however much of it was done."""
        for namespace in self._ends:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", namespace)

    def pull(self) -> None:
        """The far end is down: the near one has no carrier."""
        _ip("-n", self.far, "link", "set", self._ends[self.far], "down")

    def plug_in(self) -> None:
        """Undo `pull`."""
        _ip("-n", self.far, "link", "set", self._ends[self.far], "up")

    def lose_all(self) -> None:
        """All is sent to a station that is not there: the links are up, nobody is told."""
        for (namespace, end), address in zip(self._ends.items(), (FAR, NEAR), strict=True):
            to = (address, "lladdr", _NOBODY_S, "dev", end, "nud", "permanent")
            _ip("-n", namespace, "neighbour", "replace", *to)

    def lose_nothing(self) -> None:
        """Undo `lose_all`."""
        for (namespace, end), address in zip(self._ends.items(), (FAR, NEAR), strict=True):
            _ip("-n", namespace, "neighbour", "delete", address, "dev", end)


@contextmanager
def cable(name: str) -> Generator[Cable]:
    """A cable between two new namespaces, which are gone after the block."""
    made = Cable(name)
    try:
        made.lay()
        yield made
    finally:
        made.remove()


class FarPostgres(PostgresServer):
    """One that listens at FAR in a namespace, and on its unix socket for all."""

    settings = (*PostgresServer.settings, f"listen_addresses={FAR}")

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        super().__init__()

    def far_url(self, database: str) -> str:
        """The address of a database over the cable."""
        return f"postgresql://postgres@{FAR}:5432/{database}"

    def _initialise(self) -> None:
        super()._initialise()
        with (self._folder / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write(f"host all all {NEAR}/32 trust\n")

    def _become(self) -> Callable[[], None]:
        return partial(_there, self._namespace, super()._become())


def _there(namespace: str, become: Callable[[], None]) -> None:
    enter(namespace)
    become()


def _ip(*words: str) -> None:
    ran = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(
            f"ip {' '.join(words)}: {ran.stderr.strip()} (it takes root and iproute2)"
        )

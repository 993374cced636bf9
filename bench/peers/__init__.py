"""What Keyhouse is measured against, set up to do its best on one core."""

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path

from bench.peers import caddy, envoy, haproxy, nginx, traefik
from bench.peers.peer import KEYS, Around, Peer, started
from bench.processes import Cores, free_port, running

__all__ = ["KEYS", "PEERS", "Around", "Peer", "started", "upstream"]

PEERS = (
    envoy.ENVOY,
    nginx.BARE,
    nginx.LUA,
    haproxy.HAPROXY,
    caddy.BARE,
    caddy.ASKING,
    caddy.ASKING_NOBODY,
    traefik.BARE,
    traefik.ASKING,
)


@contextlib.contextmanager
def upstream(cores: Cores) -> Generator[int]:
    """The trivial upstream on the load's core; yields its port."""
    with trivial("the upstream", cores.load) as (port, _):
        yield port


@contextlib.contextmanager
def trivial(name: str, core: int, *options: str) -> Generator[tuple[int, int]]:
    """A server that answers 200 to everything; yields its port and pid."""
    port = free_port()
    command = [sys.executable, "-m", "bench.upstream", str(port), *options]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with running(name, command, core=core, port=port, environ=environ) as pid:
        yield port, pid

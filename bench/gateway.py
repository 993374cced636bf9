"""Keyhouse itself: its real processes on a prepared data folder."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.load import Target
from bench.processes import START_SECONDS_MAX, BenchFailed, Cores, free_port, running
from keyhouse_client import Client

SETTLE_SECONDS_MAX = 20.0
_SLUG = "bench"
_LIMITS = [
    {"name": "per-second", "rate": 1_000_000, "period_seconds": 1},
    {"name": "per-minute", "rate": 60_000_000, "period_seconds": 60},
    {"name": "monthly", "quota": 1_000_000_000_000, "window": "month"},
]


class Prepared(NamedTuple):
    """A data folder with an API and a key of it that is restricted and limited."""

    environ: Mapping[str, str]
    key_id: str
    secret: str
    management_key: str
    verify_key: str
    gateway_port: int
    management_port: int

    def proxy(self) -> Target:
        """The gateway, passing on."""
        url = f"http://127.0.0.1:{self.gateway_port}/{_SLUG}/"
        return Target("Keyhouse", url, {"X-API-Key": self.secret})

    def verify(self) -> Target:
        """The verify endpoint, asked by a service of its own key."""
        url = f"http://127.0.0.1:{self.gateway_port}/.keyhouse/v1/verify"
        asked = {"secret": self.secret, "api": _SLUG, "address": "127.0.0.1"}
        headers = {"Authorization": f"Bearer {self.verify_key}"}
        return Target("verify", url, headers, json.dumps(asked))


def prepare(folder: Path, cores: Cores, upstream_port: int) -> Prepared:
    """Make the data folder through the management API, which is then stopped."""
    gateway_port, management_port = free_port(), free_port()
    environ = {
        **os.environ,
        "KEYHOUSE_DATA__DIR": str(folder / "data"),
        "KEYHOUSE_GATEWAY__LISTEN": f"127.0.0.1:{gateway_port}",
        "KEYHOUSE_MANAGEMENT__LISTEN": f"127.0.0.1:{management_port}",
        "KEYHOUSE_LOG__LEVEL": "warning",
    }
    management_key = _bootstrap(folder, environ)
    with _management(environ, management_key, management_port, cores) as client:
        upstream = f"http://127.0.0.1:{upstream_port}"
        client.apis.create(slug=_SLUG, upstreams={"test": upstream}, scopes=["page:read"])
        access = [{"api": _SLUG, "scopes": ["page:read"]}]
        networks = {"networks_allowed": ["127.0.0.0/8", "10.0.0.0/8"]}
        key = client.keys.create("bench", access, restrictions=networks, limits=_LIMITS)
        verifier = client.keys.create(
            "verifier", [{"api": _SLUG, "scopes": ["keys:verify"]}], kind="management"
        )
    return Prepared(
        environ,
        key["id"],
        str(key["secret"]),
        management_key,
        str(verifier["secret"]),
        gateway_port,
        management_port,
    )


@contextlib.contextmanager
def gateway(prepared: Prepared, cores: Cores) -> Generator[int]:
    """`keyhouse gateway` on the server's core; yields its pid."""
    command = [sys.executable, "-m", "keyhouse", "gateway"]
    port, environ = prepared.gateway_port, prepared.environ
    with running("Keyhouse", command, core=cores.server, port=port, environ=environ) as pid:
        yield pid


def metered(prepared: Prepared, cores: Cores, at_least: int) -> int:
    """Requests booked as allowed, once they are `at_least` or have had their time."""
    environ, port = prepared.environ, prepared.management_port
    with _management(environ, prepared.management_key, port, cores) as client:
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while (booked := _booked(client, prepared.key_id)) < at_least:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return booked


def _booked(client: Client, key_id: str) -> int:
    rows = client.usage.each(key=key_id, step="day")
    return sum(row["requests"] for row in rows if row["verdict"] == "valid")


@contextlib.contextmanager
def _management(
    environ: Mapping[str, str], key: str, port: int, cores: Cores
) -> Generator[Client]:
    command = [sys.executable, "-m", "keyhouse", "management"]
    with (
        running("management", command, core=cores.load, port=port, environ=environ),
        Client(f"http://127.0.0.1:{port}", key) as client,
    ):
        yield client


def _bootstrap(folder: Path, environ: Mapping[str, str]) -> str:
    kept = folder / "management-key"
    ran = subprocess.run(
        [sys.executable, "-m", "keyhouse", "bootstrap", "--out", str(kept)],
        check=False,
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        env=dict(environ),
    )
    if ran.returncode:
        raise BenchFailed(f"keyhouse bootstrap failed:\n{ran.stdout}{ran.stderr}")
    return kept.read_text("utf-8").strip()

"""Keyhouse itself: its real processes on a prepared data folder."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.asking import await_answer
from bench.crowd import (
    NETWORKS,
    RATES,
    SLUG,
    Crowd,
    everything,
    secret_of,
    settings_of,
    world_of,
)
from bench.load import Target
from bench.processes import START_SECONDS_MAX, BenchFailed, Cores, free_port, running
from keyhouse_client import Client

SETTLE_SECONDS_MAX = 20.0
CALLING_MAX: Final = 1000
"""So many keys of a crowd call, at most."""
TWO_RATES: Final = [
    {"name": "per-second", "rate": 1_000_000, "period_seconds": 1},
    {"name": "per-minute", "rate": 60_000_000, "period_seconds": 60},
]
QUOTA: Final = {"name": "monthly", "quota": 1_000_000_000_000, "window": "month"}
THREE_RATES: Final = [
    *TWO_RATES,
    {"name": "per-hour", "rate": 3_600_000_000, "period_seconds": 3600},
]
TRUSTING: Final = {"KEYHOUSE_GATEWAY__TRUSTED_PROXIES": '["127.0.0.0/8"]'}
"""Lets proxies of this machine ask about others' requests."""


class Prepared(NamedTuple):
    """A data folder with an API and a key of it that is restricted and limited.

    `crowd` are the secrets of more keys like it, `unmetered` of such without
    a quota.
    """

    environ: Mapping[str, str]
    key_id: str
    secret: str
    asked_secret: str
    management_key: str
    verify_key: str
    management_port: int
    crowd: tuple[str, ...] = ()
    unmetered: tuple[str, ...] = ()


class Gateway(NamedTuple):
    """One that runs."""

    prepared: Prepared
    port: int
    pid: int
    name: str = "Keyhouse"

    def proxy(self) -> Target:
        """The gateway, passing on."""
        url = f"http://127.0.0.1:{self.port}/{SLUG}/"
        headers = {"X-API-Key": self.prepared.secret}
        crowd = self.prepared.crowd
        return Target(self.name, url, headers, keys=crowd, serving=(self.pid,))

    def proxy_unmetered(self) -> Target:
        """As `proxy`, for the keys without a quota."""
        name = f"{self.name} without quotas"
        return self.proxy()._replace(name=name, keys=self.prepared.unmetered)

    def verify(self) -> Target:
        """The verify endpoint, asked by a service of its own key."""
        url = f"http://127.0.0.1:{self.port}/.keyhouse/v1/verify"
        asked = {"secret": self.prepared.secret, "api": SLUG, "address": "127.0.0.1"}
        headers = {"Authorization": f"Bearer {self.prepared.verify_key}"}
        return Target("verify", url, headers, json.dumps(asked), serving=(self.pid,))

    def verify_varied(self) -> Target:
        """As `verify`, and each asks about another path."""
        target = self.verify()
        body = {**json.loads(target.body), "method": "GET", "path": "/items/@N@"}
        return target._replace(body=json.dumps(body), varied=True)

    def verify_crowd(self) -> Target:
        """As `verify`, and each asks about another key."""
        target = self.verify()
        body = {**json.loads(target.body), "secret": "@KEY@"}
        return target._replace(body=json.dumps(body), keys=self.prepared.crowd)


def prepare(
    folder: Path,
    cores: Cores,
    upstream_port: int,
    *,
    limits: Sequence[Mapping[str, Any]] = (*TWO_RATES, QUOTA),
    crowd: int = 0,
    more: Mapping[str, str] | None = None,
) -> Prepared:
    """Make the data folder through the management API, which is then stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    management_port = free_port()
    environ = {
        **os.environ,
        "KEYHOUSE_DATA__DIR": str(folder / "data"),
        "KEYHOUSE_MANAGEMENT__LISTEN": f"127.0.0.1:{management_port}",
        "KEYHOUSE_LOG__LEVEL": "warning",
        **(more or {}),
    }
    management_key = _bootstrap(folder, environ)
    upstream = f"http://127.0.0.1:{upstream_port}"
    with management(environ, management_key, management_port, cores) as client:
        upstreams = {"test": upstream, "live": upstream}
        api = client.apis.create(slug=SLUG, upstreams=upstreams, scopes=["page:read"])
        key, asked = (
            client.keys.create(
                name,
                [{"api": SLUG, "scopes": ["page:read"]}],
                restrictions={"networks_allowed": list(NETWORKS.networks_allowed)},
                limits=list(limits),
            )
            for name in ("bench", "asked")
        )
        verifier = client.keys.create(
            "verifier", [{"api": SLUG, "scopes": ["keys:verify"]}], kind="management"
        )
    if crowd:
        database_url = environ.get("KEYHOUSE_DATA__DATABASE_URL", "")
        settings = settings_of(folder / "data", database_url)
        many = Crowd(settings, world_of(settings, str(api["id"])))
        many.write(range(crowd), **everything())
        many.write(range(crowd, crowd + min(crowd, CALLING_MAX)), RATES, NETWORKS)
        many.done()
    return Prepared(
        environ,
        key["id"],
        str(key["secret"]),
        str(asked["secret"]),
        management_key,
        str(verifier["secret"]),
        management_port,
        tuple(secret_of(number) for number in range(min(crowd, CALLING_MAX))),
        tuple(secret_of(crowd + number) for number in range(min(crowd, CALLING_MAX))),
    )


@contextlib.contextmanager
def gateway(
    prepared: Prepared,
    core: int | str,
    *,
    name: str = "Keyhouse",
    command: str = "gateway",
    more: Mapping[str, str] | None = None,
) -> Generator[Gateway]:
    """`keyhouse gateway` on the server's core."""
    port = free_port()
    listen = {"KEYHOUSE_GATEWAY__LISTEN": f"127.0.0.1:{port}"}
    environ = {**prepared.environ, **listen, **(more or {})}
    line = [sys.executable, "-m", "keyhouse", command]
    with running(name, line, core=core, port=port, environ=environ) as pid:
        made = Gateway(prepared, port, pid, name)
        await_answer(made.proxy().alone)
        yield made


def metered(prepared: Prepared, cores: Cores, at_least: int) -> int:
    """Requests booked as allowed, once they are `at_least` or have had their time."""
    environ, port = prepared.environ, prepared.management_port
    with management(environ, prepared.management_key, port, cores) as client:
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
def management(
    environ: Mapping[str, str], key: str, port: int, cores: Cores
) -> Generator[Client]:
    """The management API on the load's core, and a client of it."""
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

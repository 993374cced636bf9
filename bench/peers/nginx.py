"""nginx: bare, and with a key's look-up and a counter in Lua."""

from pathlib import Path

from bench.peers.peer import Peer, of_debian


def _command(config: Path, _port: int) -> list[str]:
    return [of_debian("nginx", "nginx-light"), "-e", "stderr", "-c", str(config)]


BARE = Peer("nginx", "nginx.conf", _command)
LUA = Peer("nginx and Lua", "nginx_lua.conf", _command, checks_keys=True)

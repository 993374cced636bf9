"""HAProxy from Debian: a map of keys, and a stick table of their rates."""

from pathlib import Path

from bench.peers.peer import Peer, of_debian


def _command(config: Path, _port: int) -> list[str]:
    return [of_debian("haproxy", "haproxy"), "-db", "-q", "-f", str(config)]


HAPROXY = Peer("HAProxy", "haproxy.cfg", _command, checks_keys=True)

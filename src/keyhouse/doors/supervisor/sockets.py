"""The listening sockets, held by the parent from the first start to the end."""

import errno
import os
import socket
from typing import NamedTuple

BACKLOG = 2048
"""Connections that wait in the kernel, also while a child is started again."""


class CannotStart(Exception):
    """Something outside must be changed first; the text tells a person what."""


class Listener(NamedTuple):
    """What listens, where, and the setting that says so, as `gateway.listen`."""

    name: str
    setting: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """host:port, as the setting is written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def bind_all(listener: Listener, count: int) -> list[socket.socket]:
    """So many listening sockets at one address, among which the kernel shares out

    what comes; a single one shares its address with nobody. CannotStart with the reason.
    """
    bind(listener).close()
    if count == 1:
        return [bind(listener)]
    return [bind(listener, shared=True) for _ in range(count)]


def bind(listener: Listener, *, shared: bool = False) -> socket.socket:
    """A listening socket at that address, or CannotStart with the reason."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((listener.host, listener.port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise CannotStart(_words(listener, error)) from None
    return bound


def reachable_at(bound: socket.socket) -> tuple[str, int]:
    """Host and port by which this machine reaches a socket bound to any address."""
    host, port = bound.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104  (compared, not bound)


def _words(listener: Listener, error: OSError) -> str:
    section, _, name = listener.setting.partition(".")
    return (
        f"The {listener.name} can't listen on {listener.address}: "
        f"{_reason(listener, error)}.\n"
        f"That address is the setting {listener.setting}. To change it: "
        f"--set {listener.setting}=HOST:PORT, or "
        f"KEYHOUSE_{section.upper()}__{name.upper()}=HOST:PORT in the environment, or "
        f'{name} = "HOST:PORT" under [{section}] in keyhouse.toml.'
    )


def _reason(listener: Listener, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the host name {listener.host} is not known here"
    reasons = {
        errno.EADDRINUSE: "another program has that port already",
        errno.EACCES: "this user may not use that port (below 1024 it takes more rights)",
        errno.EADDRNOTAVAIL: f"this machine has no address {listener.host}",
    }
    return reasons.get(error.errno or 0, error.strerror or os.strerror(error.errno or 0))

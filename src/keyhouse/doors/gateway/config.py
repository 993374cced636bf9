"""What can be set about the gateway, as plain values."""

from dataclasses import dataclass
from typing import Final

TARGET_BYTES_MAX: Final = 8192
"""The longest path and query (RFC 9110, 4.1 asks for at least 8000)."""
HEADERS_MAX: Final = 100
DISCARD_BYTES_MAX: Final = 65_536
"""The body of a refused request is read to its end up to this size, so that

its connection lives on; a longer one costs the connection.
"""
LINGER_BYTES_MAX: Final = 1 << 20
LINGER_SECONDS: Final = 2.0
"""After a last answer so much is still read and dropped, for so long: closing

with bytes unread would reset the connection and take the answer with it.
"""
BUFFER_BYTES_MAX: Final = 131_072
"""What may wait in a connection's write buffer before the other side is paused."""
INTERIM_MAX: Final = 16
"""Interim (1xx) responses before a final one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """Sizes in bytes, times in seconds; `trusted_proxies` are networks.

    `upstream_connections_max` and `upstream_idle_max` hold for one host and
    port: how many there may be, and how many of them unused.
    """

    trusted_proxies: tuple[str, ...] = ()
    require_tls: bool = False
    upstream_private: bool = True
    head_bytes_max: int = 32_768
    body_bytes_max: int = 1 << 30
    head_seconds_max: float = 10.0
    idle_seconds_max: float = 60.0
    upstream_seconds_max: float = 30.0
    connections_max: int = 10_000
    upstream_connections_max: int = 1_024
    upstream_idle_max: int = 256
    upstream_idle_seconds_max: float = 30.0

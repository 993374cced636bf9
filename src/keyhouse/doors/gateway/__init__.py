"""The data plane's door: verify endpoint and reverse proxy on uvloop and llhttp."""

from keyhouse.doors.gateway.config import GatewayConfig
from keyhouse.doors.gateway.plane import Plane
from keyhouse.doors.gateway.server import GatewayServer

__all__ = ["GatewayConfig", "GatewayServer", "Plane"]

"""The management API: parse, call a service, shape the answer; no logic."""

from keyhouse.doors.api.app import build_app
from keyhouse.doors.api.gate import Authenticate, ManagementKey
from keyhouse.doors.api.metrics import Monitoring
from keyhouse.doors.api.server import CONNECTIONS_MAX, serve

__all__ = [
    "CONNECTIONS_MAX",
    "Authenticate",
    "ManagementKey",
    "Monitoring",
    "build_app",
    "serve",
]

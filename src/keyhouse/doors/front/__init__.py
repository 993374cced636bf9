"""The management process's one address: the API for programs, the console for people."""

from keyhouse.doors.front.dispatch import dispatch
from keyhouse.doors.front.proxies import BehindProxies

__all__ = ["BehindProxies", "dispatch"]

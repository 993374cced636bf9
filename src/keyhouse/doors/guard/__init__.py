"""The guard: verification inside the program that offers the API."""

from keyhouse.doors.guard.keyhouse import Keyhouse, Plane
from keyhouse.doors.guard.principal import ApplicationInfo, Principal

__all__ = ["ApplicationInfo", "Keyhouse", "Plane", "Principal"]

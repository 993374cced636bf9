"""`KeyGuard`: Keyhouse as a FastAPI dependency."""

from keyhouse.doors.guard.fastapi import KeyGuard, Refusal

__all__ = ["KeyGuard", "Refusal"]

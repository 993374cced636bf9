"""Moments as people and programs read them: RFC 3339 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


def format_time(microseconds: int) -> str:
    """RFC 3339 in UTC; parts of a second only where there are some."""
    whole = _EPOCH + microseconds * _TICK
    return whole.isoformat().replace("+00:00", "Z")

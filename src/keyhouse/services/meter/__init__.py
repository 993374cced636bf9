"""Metering: request ids, the meter, and how a spool becomes usage."""

from keyhouse.services.meter.adoption import adopt_orphans
from keyhouse.services.meter.flusher import TICK_SECONDS, Flusher
from keyhouse.services.meter.meter import Cut, Meter
from keyhouse.services.meter.request_ids import RequestIds
from keyhouse.services.meter.roll import roll
from keyhouse.services.meter.rolling import LOG_ROWS_MAX, Rolling

__all__ = [
    "LOG_ROWS_MAX",
    "TICK_SECONDS",
    "Cut",
    "Flusher",
    "Meter",
    "RequestIds",
    "Rolling",
    "adopt_orphans",
    "roll",
]

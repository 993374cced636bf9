"""Metering: request ids, the meter, and how a spool becomes usage."""

from keyhouse.services.meter.meter import Meter
from keyhouse.services.meter.request_ids import RequestIds

__all__ = ["Meter", "RequestIds"]

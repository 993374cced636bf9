"""Upkeep: what is old goes, so that the database does not grow for ever."""

from keyhouse.services.upkeep.commands import Retention, keep_up
from keyhouse.services.upkeep.rolling import roll_up_usage
from keyhouse.services.upkeep.usage import UsageRetention

__all__ = ["Retention", "UsageRetention", "keep_up", "roll_up_usage"]

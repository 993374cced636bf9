"""Upkeep: what is old goes, so that the database does not grow for ever."""

from keyhouse.services.upkeep.commands import Retention, keep_up

__all__ = ["Retention", "keep_up"]

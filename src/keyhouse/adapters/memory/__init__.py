"""Counters in the memory of one process."""

from keyhouse.adapters.memory.rates import MemoryRateCounter

__all__ = ["MemoryRateCounter"]

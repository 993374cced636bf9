"""How long exchanges took: a histogram of slots that double."""

from collections.abc import Sequence
from typing import Final

LATENCY_SLOTS: Final = 20
"""Slot i holds latencies below 2**i * 100 µs; the last one everything longer."""


def latency_slot(latency_us: int) -> int:
    """The slot of the histogram in which a latency falls."""
    slot = (latency_us // 100).bit_length()
    return slot if slot < LATENCY_SLOTS else LATENCY_SLOTS - 1


def percentile_us(latency: Sequence[int], share: float) -> int | None:
    """The latency that `share` of a histogram's exchanges stayed below, about.

    Within a slot they are taken to be spread evenly; of the last one, which
    has no end, its beginning is told. None where nothing was measured.
    """
    total = sum(latency)
    if not total:
        return None
    wanted = total * share
    below = 0
    for slot, count in enumerate(latency):
        start_us = 100 << slot >> 1 if slot else 0
        if count and below + count >= wanted:
            width_us = 0 if slot == LATENCY_SLOTS - 1 else (100 << slot) - start_us
            return start_us + round(width_us * (wanted - below) / count)
        below += count
    return start_us

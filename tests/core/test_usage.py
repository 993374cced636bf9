"""The latency histogram: each latency falls in the slot that its docstring names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.latency import LATENCY_SLOTS, latency_slot
from keyhouse.core.usage import (
    Bucket,
)


@given(latency_us=st.integers(0, 10**12))
def test_a_slot_holds_latencies_below_its_bound_only(latency_us: int) -> None:
    slot = latency_slot(latency_us)
    below = [i for i in range(LATENCY_SLOTS - 1) if latency_us < 2**i * 100]
    assert slot == (below[0] if below else LATENCY_SLOTS - 1)


@pytest.mark.parametrize(("us", "slot"), [(0, 0), (99, 0), (100, 1), (199, 1), (200, 2)])
def test_the_edges(us: int, slot: int) -> None:
    assert latency_slot(us) == slot


def test_a_bucket_starts_with_every_slot_empty() -> None:
    assert Bucket().latency == [0] * LATENCY_SLOTS
    assert Bucket().latency is not Bucket().latency

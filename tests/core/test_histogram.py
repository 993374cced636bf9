"""How often something took how long."""

import pytest

from keyhouse.core.histogram import Histogram


@pytest.mark.parametrize(
    ("value", "slot"), [(-5, 0), (0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (999, 2)]
)
def test_a_value_is_counted_at_the_first_bound_that_holds_it(value: int, slot: int) -> None:
    """As Prometheus reads bounds: less or equal. A percentile is wrong otherwise."""
    histogram = Histogram((10, 20))
    histogram.add(value)
    assert histogram.counts.index(1) == slot
    assert sum(histogram.counts) == 1
    assert histogram.total == max(value, 0)

import pytest

from keyhouse.core.ids import REQUEST, is_id
from keyhouse.services.meter import RequestIds

NOW = 1_760_000_000_000_000


def test_ids_are_ids_and_sort_in_the_order_they_were_made() -> None:
    """A request log that is paged by id would skip or repeat lines."""
    ids = RequestIds(b"0123456789abcdef")
    made = [ids.make(NOW + number // 3) for number in range(20_000)]
    assert made == sorted(set(made))
    assert all(is_id(one, REQUEST) for one in made[::97])


def test_a_clock_set_back_does_not_take_the_ids_back() -> None:
    ids = RequestIds(b"0123456789abcdef")
    first = ids.make(NOW)
    assert ids.make(NOW - 10**9) > first


def test_two_processes_make_other_ids() -> None:
    one, two = RequestIds(b"0123456789abcdef"), RequestIds(b"0123456789abcdeg")
    assert not {one.make(NOW) for _ in range(5000)} & {two.make(NOW) for _ in range(5000)}


def test_entropy_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        RequestIds(b"")

"""Ids name their kind and sort by the time they were made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core import ids

_TIMES = st.integers(0, (1 << 48) * 1000 - 1)
_ENTROPY = st.binary(min_size=ids.ENTROPY_BYTES, max_size=ids.ENTROPY_BYTES)


def test_the_alphabet_is_in_ascii_order() -> None:
    assert list(ids.ALPHABET) == sorted(set(ids.ALPHABET))
    assert len(ids.ALPHABET) == 62


@given(number=st.integers(0, 62**22 - 1))
def test_base62_tells_numbers_apart_and_in_order(number: int) -> None:
    text = ids.base62(number, 22)
    assert (ids.from_base62(text), len(text)) == (number, 22)


@pytest.mark.parametrize(("number", "length"), [(-1, 3), (62**3, 3), (1, 0)])
def test_base62_never_cuts_a_number_off(number: int, length: int) -> None:
    with pytest.raises(ValueError, match="base62"):
        ids.base62(number, length)


@given(one=st.tuples(_TIMES, _ENTROPY), other=st.tuples(_TIMES, _ENTROPY))
def test_ids_sort_by_time(one: tuple[int, bytes], other: tuple[int, bytes]) -> None:
    first, second = (ids.make_id("key", *of) for of in sorted((one, other)))
    if min(one[0], other[0]) // 1000 != max(one[0], other[0]) // 1000:
        assert first.encode() < second.encode()
    assert ids.is_id(first, "key")


@pytest.mark.parametrize("count", [0, 9, 11])
def test_an_id_takes_neither_less_nor_more_randomness(count: int) -> None:
    with pytest.raises(ValueError, match="entropy"):
        ids.make_id("key", 0, bytes(count))


_BODY = "0" * 21
_NO_IDS = ["", "key", "key_", f"org_{_BODY}0", f"key_{_BODY}", f"key_{_BODY}00"]
_NO_IDS += [f"key_{_BODY}{wrong}" for wrong in "é-_ \n"]


@pytest.mark.parametrize("text", _NO_IDS)
def test_other_strings_are_no_ids(text: str) -> None:
    assert not ids.is_id(text, "key")


def test_prefixes_are_unique() -> None:
    prefixes = [
        value
        for name, value in vars(ids).items()
        if name.isupper() and name != "ALPHABET" and isinstance(value, str)
    ]
    assert len(prefixes) == len(set(prefixes))
    assert all(len(prefix) == 3 for prefix in prefixes)

"""The id of a reservation says all of it, to those who hold the key."""

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.ids import ALPHABET
from keyhouse.core.reservations import (
    ID_LENGTH_MAX,
    RESERVED_SECONDS,
    Reservation,
    sealed,
    unsealed,
)
from keyhouse.core.usage import Use

KEY, OTHER = b"k" * 32, b"o" * 32
ids = st.text(ALPHABET, min_size=1, max_size=26)
reservations = st.builds(
    Reservation,
    ids,
    st.integers(0, 1 << 62),
    ids,
    st.integers(0, 1 << 40),
    st.lists(ids, max_size=5).map(tuple),
    st.builds(Use, ids, ids, ids, ids, ids, st.integers(0, 99), ids, ids, ids),
)


@given(made=reservations)
def test_what_is_sealed_comes_back_with_its_key_alone(made: Reservation) -> None:
    id = sealed(made, KEY)
    assert unsealed(id, [KEY]) == made
    assert unsealed(id, [OTHER, KEY]) == made
    assert unsealed(id, [OTHER]) is None
    assert unsealed(id, []) is None


@given(made=reservations, at=st.integers(0, 10_000), sign=st.sampled_from(ALPHABET + "_-"))
def test_a_changed_id_is_none(made: Reservation, at: int, sign: str) -> None:
    """But where the change is in bits that Base64 does not use."""
    id = sealed(made, KEY)
    at = 4 + at % (len(id) - 5)
    changed = id[:at] + sign + id[at + 1 :]
    assert unsealed(changed, [KEY]) == (made if changed == id else None)


@given(text=st.text(max_size=60))
def test_nothing_else_is_one(text: str) -> None:
    assert unsealed(text, [KEY]) is None
    assert unsealed(f"rsv_{text}", [KEY]) is None


def test_an_id_goes_into_an_address_however_many_limits_there_are() -> None:
    """Sixteen on each of six, and credits."""
    id = "x" * 26
    use = Use(id, id, id, id, id, 9999, id, "live", id)
    most = Reservation(id, 1 << 53, id, 10**9, (id,) * 97, use)
    assert len(sealed(most, KEY)) <= ID_LENGTH_MAX
    assert unsealed(sealed(most, KEY), [KEY]) == most
    assert most.ends_us == (1 << 53) + RESERVED_SECONDS * 1_000_000

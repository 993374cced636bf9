"""The id of a reservation says all of it, to those who hold the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.ids import ALPHABET, LEASE, make_id
from keyhouse.core.reservations import (
    ID_LENGTH_MAX,
    LEASES_MAX,
    RESERVED_SECONDS,
    Reservation,
    sealed,
    unsealed,
)
from keyhouse.core.usage import Use
from keyhouse.doors.gateway.config import TARGET_BYTES_MAX

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


def reserved(count: int) -> Reservation:
    """Of so many leases, all that is told as long as it can be."""
    leases = tuple(make_id(LEASE, 1 << 53, n.to_bytes(10)) for n in range(count))
    id = "x" * 26
    use = Use(id, id, id, id, id, 9999, id, "live", id)
    return Reservation(id, 1 << 53, id, 1 << 40, leases, use)


@pytest.mark.parametrize("count", [0, 1, 97, 98, 145, LEASES_MAX])
def test_an_id_goes_into_an_address_with_all_its_leases(count: int) -> None:
    """Sixteen limits on each of nine, and credits; then a plan's for each that it

    counts on.
    """
    made = reserved(count)
    id = sealed(made, KEY)
    assert len(id) <= ID_LENGTH_MAX
    assert unsealed(id, [KEY]) == made
    assert made.ends_us == (1 << 53) + RESERVED_SECONDS * 1_000_000


def test_of_more_leases_the_first_are_left_out() -> None:
    """It is settled all the same; what prepays is the last of them."""
    made = reserved(LEASES_MAX + 5)
    told = unsealed(sealed(made, KEY), [KEY])
    assert told == made._replace(lease_ids=made.lease_ids[5:])


def test_an_address_with_an_id_is_one_that_is_read() -> None:
    around = "/.keyhouse/v1/reservations//commit"
    # A proxy in front may hold the whole first line to that.
    assert len(f"POST {around} HTTP/1.1\r\n") + ID_LENGTH_MAX <= TARGET_BYTES_MAX


def test_what_the_version_before_made_is_read() -> None:
    """While nodes are upgraded one by one, and up to an hour after."""
    id = (
        "rsv_-AaTB_Rk5_Odh4qiW3R431sxLCJyZXFfMSIsMTc2MDAwMDAwMDAwMDAwMCwicHJqXzEi"
        "LDQwMDAsWyJsc2VfMSIsImxzZV8yIl0sWyJvcmdfMDZUMzAwMDAwMDAwMDAwMDAwMDAwMCIs"
        "Im9yZ18wNlQzMDAwMDAwMDAwMDAwMDAwMDAwIiwiYXBpXzA2VDMwMDAwMDAwMDAwMDAwMDAw"
        "MDAiLCJydGVfMDZUMzAwMDAwMDAwMDAwMDAwMDAwMCIsImtleV8wNlQzMDAwMDAwMDAwMDAw"
        "MDAwMDAwIiwxLCJhcHBfMDZUMzAwMDAwMDAwMDAwMDAwMDAwMCIsImxpdmUiLCJzdWJfMDZU"
        "MzAwMDAwMDAwMDAwMDAwMDAwMCJdXQ"
    )
    body = f"_06T3{'0' * 18}"
    org, api, route, key = f"org{body}", f"api{body}", f"rte{body}", f"key{body}"
    use = Use(org, org, api, route, key, 1, f"app{body}", "live", f"sub{body}")
    leases = ("lse_1", "lse_2")
    made = Reservation("req_1", 1_760_000_000_000_000, "prj_1", 4000, leases, use)
    assert unsealed(id, [KEY]) == made

"""Which networks call for a person: few are known for long, and this is none of them."""

import pytest

from keyhouse.core.familiar import (
    DAY_US,
    FEW_MAX,
    KNOWN_US,
    RECENT_US,
    Seen,
    is_unfamiliar,
)

NOW = 1_790_000_000_000_000
HOME = Seen("198.51.100.0/24", NOW - KNOWN_US, NOW - DAY_US)


def new(network: str = "203.0.113.0/24") -> Seen:
    return Seen(network, NOW, NOW)


def test_a_network_that_a_key_in_use_never_came_from_is_unfamiliar() -> None:
    assert is_unfamiliar(new(), [HOME])
    assert is_unfamiliar(new(), [HOME, new()])  # what is asked about may be among them


@pytest.mark.parametrize(
    "others",
    [
        [],
        [HOME._replace(first_us=NOW - KNOWN_US + 1)],
        [HOME._replace(first_us=NOW + 1)],
    ],
    ids=["the first", "being put to use", "seen later"],
)
def test_a_key_that_is_not_in_use_for_a_week_has_none(others: list[Seen]) -> None:
    assert not is_unfamiliar(new(), others)


@pytest.mark.parametrize(
    ("known", "network", "told"),
    [
        ("198.51.100.0/24", "198.51.7.0/24", False),
        ("198.51.100.0/24", "198.52.100.0/24", True),
        ("2001:db8:1::/48", "2001:db8:2::/48", False),
        ("2001:db8:1::/48", "2001:db9:1::/48", True),
        ("198.51.100.0/24", "2001:db8:1::/48", True),
    ],
)
def test_what_lies_beside_a_known_network_is_familiar(
    known: str, network: str, told: bool
) -> None:
    assert is_unfamiliar(new(network), [HOME._replace(network=known)]) is told


def test_a_key_that_roams_has_none() -> None:
    """What it has not come from for three months does not count for that."""
    many = [HOME._replace(network=f"10.{n}.0.0/24") for n in range(FEW_MAX + 1)]
    assert is_unfamiliar(new(), many[1:])
    assert not is_unfamiliar(new(), many)
    long_ago = NOW - RECENT_US - 1
    old = many[0]._replace(first_us=long_ago, last_us=long_ago)
    assert is_unfamiliar(new(), [old, *many[1:]])
    assert not is_unfamiliar(new("10.0.9.0/24"), [old, *many[1:]])

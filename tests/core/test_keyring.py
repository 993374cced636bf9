"""The keyring: one pepper makes hashes, the others only check them."""

import pytest

from keyhouse.core.keyring import PEPPER_BYTES, Keyring, KeyringState, Pepper

_ACTIVE = Pepper("p2", KeyringState.ACTIVE, b"\x7a" * PEPPER_BYTES)
_OLD = Pepper("p1", KeyringState.ACCEPTING, b"\x7b" * PEPPER_BYTES)


def test_the_active_pepper_is_tried_first() -> None:
    ring = Keyring((_OLD, _ACTIVE))
    assert ring.active is _ACTIVE
    assert ring.peppers == (_ACTIVE, _OLD)


@pytest.mark.parametrize(
    ("peppers", "reason"),
    [
        ((), "exactly one active"),
        ((_OLD,), "exactly one active"),
        ((_ACTIVE, Pepper("p3", KeyringState.ACTIVE, bytes(32))), "exactly one active"),
        ((_ACTIVE, Pepper("p2", KeyringState.ACCEPTING, bytes(32))), "the same id"),
        ((_ACTIVE, Pepper("p1", KeyringState.ACCEPTING, bytes(31))), "32 bytes"),
    ],
)
def test_a_keyring_that_would_hash_wrongly_is_refused(
    peppers: tuple[Pepper, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Keyring(peppers)


def test_a_pepper_is_in_no_repr() -> None:
    shown = repr(Keyring((_ACTIVE, _OLD)))
    assert "zz" not in shown
    assert "p1" in shown

"""The keyring: one pepper makes hashes, the others only check them."""

import pytest

from keyhouse.core.keyring import (
    PEPPER_BYTES,
    SEALING_BYTES,
    Keyring,
    KeyringState,
    Pepper,
    SealingKey,
)

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


_SEALING = SealingKey("s2", KeyringState.ACTIVE, b"\x7a" * SEALING_BYTES)
_SEALED = SealingKey("s1", KeyringState.ACCEPTING, b"\x7a" * SEALING_BYTES)


def test_the_active_sealing_key_stands_first_and_there_may_be_none() -> None:
    assert Keyring((_ACTIVE,), (_SEALED, _SEALING)).sealing == (_SEALING, _SEALED)
    assert Keyring((_ACTIVE,)).sealing == ()


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ((_SEALED,), "exactly one active sealing key"),
        ((_SEALING, SealingKey("s3", KeyringState.ACTIVE, bytes(32))), "exactly one"),
        ((_SEALING, SealingKey("s2", KeyringState.ACCEPTING, bytes(32))), "the same id"),
        ((SealingKey("s1", KeyringState.ACTIVE, bytes(16)),), "32 bytes"),
    ],
)
def test_a_keyring_that_would_seal_wrongly_is_refused(
    keys: tuple[SealingKey, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Keyring((_ACTIVE,), keys)


def test_a_sealing_key_is_in_no_repr() -> None:
    shown = repr(Keyring((_ACTIVE,), (_SEALING,)))
    assert "zz" not in shown
    assert "s2" in shown

"""What is sealed opens with the same key and context, and otherwise not at all."""

import pytest

from keyhouse.adapters.sealing import AeadSealer
from keyhouse.core.keyring import SEALING_BYTES, Keyring, KeyringState, Pepper, SealingKey
from keyhouse.ports import Sealed

PEPPER = Pepper("p", KeyringState.ACTIVE, bytes(32))
OLD = SealingKey("seal_1", KeyringState.ACTIVE, b"\x01" * SEALING_BYTES)
NEW = SealingKey("seal_2", KeyringState.ACTIVE, b"\x02" * SEALING_BYTES)
RETIRED = SealingKey("seal_1", KeyringState.ACCEPTING, b"\x01" * SEALING_BYTES)
CONTEXT = b"upstream-header/api_1/authorization"


def sealer(*keys: SealingKey) -> AeadSealer:
    return AeadSealer(Keyring((PEPPER,), keys))


def test_what_was_sealed_is_unsealed_and_nobody_else_reads_it() -> None:
    sealed = sealer(OLD).seal(b"Bearer hush", CONTEXT)
    assert sealed.key_id == "seal_1"
    assert b"hush" not in sealed.content
    assert sealer(OLD).unseal(sealed, CONTEXT) == b"Bearer hush"


def test_the_same_text_never_reads_the_same() -> None:
    one = sealer(OLD)
    assert one.seal(b"x", CONTEXT).content != one.seal(b"x", CONTEXT).content


def test_after_a_rotation_the_old_opens_and_the_new_seals() -> None:
    sealed = sealer(OLD).seal(b"x", CONTEXT)
    rotated = sealer(NEW, RETIRED)
    assert rotated.unseal(sealed, CONTEXT) == b"x"
    assert rotated.seal(b"y", CONTEXT).key_id == "seal_2"
    assert sealer(NEW).unseal(sealed, CONTEXT) is None


@pytest.mark.parametrize(
    "context", [b"", b"upstream-header/api_2/authorization", CONTEXT + b"x", CONTEXT[:-1]]
)
def test_a_row_copied_to_another_place_does_not_open(context: bytes) -> None:
    sealed = sealer(OLD).seal(b"x", CONTEXT)
    assert sealer(OLD).unseal(sealed, context) is None


def test_a_changed_or_cut_row_does_not_open() -> None:
    one = sealer(OLD)
    key_id, content = one.seal(b"x", CONTEXT)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        assert one.unseal(Sealed(key_id, bytes(changed)), CONTEXT) is None
    for length in range(len(content)):
        assert one.unseal(Sealed(key_id, content[:length]), CONTEXT) is None


def test_a_key_of_another_name_does_not_open_it_though_its_bytes_are_the_same() -> None:
    _, content = sealer(OLD).seal(b"x", CONTEXT)
    twin = SealingKey("seal_11", KeyringState.ACTIVE, OLD.key)
    assert sealer(twin).unseal(Sealed("seal_11", content), CONTEXT) is None


def test_without_a_key_nothing_is_sealed() -> None:
    assert not sealer().can_seal
    with pytest.raises(LookupError, match="no sealing key"):
        sealer().seal(b"x", CONTEXT)
    assert sealer().unseal(Sealed("seal_1", bytes(40)), CONTEXT) is None

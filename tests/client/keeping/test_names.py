"""What is taken for a secret of a Keyhouse: the same as by `kh scan`."""

from keyhouse_client.keeping.names import holds_keyhouse_secret, is_keyhouse_secret
from tests.client.kh import KEYHOUSE_SECRET


def test_a_secret_is_known_by_its_checksum() -> None:
    mistyped = KEYHOUSE_SECRET[:-1] + ("a" if KEYHOUSE_SECRET[-1] != "a" else "b")
    assert is_keyhouse_secret(KEYHOUSE_SECRET)
    assert not is_keyhouse_secret(mistyped)
    assert not holds_keyhouse_secret(f"Bearer {mistyped}")


def test_a_secret_amid_other_text_is_held_and_is_not_all_of_it() -> None:
    text = f"Bearer {KEYHOUSE_SECRET} \udcff"
    assert holds_keyhouse_secret(text)
    assert not is_keyhouse_secret(text)

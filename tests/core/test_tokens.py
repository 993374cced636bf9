import pytest

from keyhouse.core.tokens import make_token, token_digest


def test_a_token_stands_in_a_cookie_and_an_address_as_it_is() -> None:
    token = make_token(bytes(range(224, 256)))
    assert len(token) == 43
    assert token.replace("-", "").replace("_", "").isalnum()


def test_another_number_of_bytes_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_token(b"short")


def test_each_token_has_its_digest_and_any_text_has_one() -> None:
    one, other = make_token(b"1" * 32), make_token(b"2" * 32)
    assert token_digest(one) == token_digest(one)
    assert token_digest(one) != token_digest(other)
    assert len(token_digest("\udcff\0")) == 32

"""What a string of another system may be, and what it may be kept as."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import ImportedStrings
from keyhouse.core.imported import (
    UNSALTED,
    admits,
    candidates,
    fault_of_string,
    hint_of,
    merged,
    read_hash,
)
from keyhouse.core.secret import ALGORITHM, digest

PEPPERS = [("p1", b"1" * 32), ("p2", b"2" * 32)]


@given(st.sampled_from(sorted(UNSALTED)), st.binary())
def test_a_hash_is_the_same_in_every_spelling(algorithm: str, raw: bytes) -> None:
    found = UNSALTED[algorithm](raw).digest()
    for text in (
        found.hex(),
        found.hex().upper(),
        b64encode(found).decode(),
        b64encode(found).decode().rstrip("="),
        urlsafe_b64encode(found).decode(),
    ):
        assert read_hash(text, algorithm) == found


@given(st.sampled_from(sorted(UNSALTED)), st.text())
def test_any_other_text_is_no_hash(algorithm: str, text: str) -> None:
    found = read_hash(text, algorithm)
    assert found is None or len(found) == UNSALTED[algorithm]().digest_size


def test_a_string_is_sought_in_every_form_that_it_may_be_kept_in() -> None:
    found = candidates(b"string", ("sha256", "sha512"), PEPPERS)
    assert [(one.algorithm, one.pepper_id) for one in found] == [
        (ALGORITHM, "p1"),
        (ALGORITHM, "p2"),
        ("sha256", ""),
        ("sha512", ""),
    ]
    assert found[1].digest == digest(b"string", b"2" * 32)
    assert len({one.digest for one in found}) == 4


def test_what_covers_two_imports_covers_each() -> None:
    one = ImportedStrings(algorithms=("sha256",), length_min=20, length_max=40)
    other = ImportedStrings(algorithms=("sha512",), length_min=30, length_max=64)
    both = merged(one, other)
    assert both.algorithms == ("sha256", "sha512")
    assert (both.length_min, both.length_max) == (20, 64)
    assert merged(None, one) == one
    with pytest.raises(ValueError, match="nothing"):
        merged(None, None)


def test_a_string_is_admitted_by_its_length() -> None:
    strings = ImportedStrings(algorithms=(), length_min=20, length_max=21)
    assert [admits(strings, b"x" * n) for n in (19, 20, 21, 22)] == [
        False,
        True,
        True,
        False,
    ]
    assert not admits(None, b"x" * 20)


@given(st.text(min_size=1))
def test_whatever_is_imported_can_be_sent_in_a_header(text: str) -> None:
    if fault_of_string(text) is None:
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(" ,")
        assert 16 <= len(text) <= 128


def test_no_more_than_the_end_of_a_long_string_is_told() -> None:
    assert hint_of("x" * 20 + "abcd") == "…abcd"
    assert hint_of("x" * 19 + "abcd") == "…"

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse_client.scanning.spots import NEAR_BYTES, spots
from tests.client.scanning.minted import minted

SECRET = minted()
places = st.lists(st.integers(0, 6000), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(edges):
        yield data[begin:end]


def told(data: bytes, cuts: list[int]) -> list[tuple[str, int, int]]:
    return [
        (secret.text, line, column) for secret, line, column in spots(pieces(data, cuts))
    ]


@given(st.binary(max_size=3000), st.binary(max_size=3000), places)
def test_a_secret_in_any_bytes_is_found_at_its_line_and_column(
    before: bytes, behind: bytes, cuts: list[int]
) -> None:
    """Wherever the pieces end: in the secret, at its edges, at a line break."""
    before += b"="
    line = before.rpartition(b"\n")[2]
    column = sum(byte not in range(0x80, 0xC0) for byte in line) + 1
    column -= before.startswith(b"\xef\xbb\xbf") and line == before
    data = before + SECRET.encode() + b"\n" + behind
    assert told(data, cuts) == [(SECRET, before.count(b"\n") + 1, column)]


@given(st.text(max_size=300), places, st.integers(0, 3))
def test_columns_are_characters(before: str, cuts: list[int], copies: int) -> None:
    before += " "
    data = (before + f"{SECRET} " * (copies + 1)).encode()
    line = before.count("\n") + 1
    column = len(before.rpartition("\n")[2]) + 1
    step = len(SECRET) + 1
    expected = [(SECRET, line, column + step * copy) for copy in range(copies + 1)]
    assert told(data, cuts) == expected


@given(
    st.lists(st.text(st.characters(max_codepoint=0x9FF)) | st.sampled_from("😀𝄞")),
    st.sampled_from(["utf-16-le", "utf-16-be"]),
    places,
)
def test_wide_text_with_its_mark_has_lines_and_columns_too(
    texts: list[str], coding: str, cuts: list[int]
) -> None:
    before = "".join(texts) + " "
    data = f"\ufeff{before}{SECRET}".encode(coding)
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert told(data, cuts) == [(SECRET, line, column)]


@given(places, st.integers(0, 3 * NEAR_BYTES))
def test_megabytes_on_one_line_are_no_matter(cuts: list[int], length: int) -> None:
    data = b"a " * length + SECRET.encode() + b";" * length
    assert told(data, cuts) == [(SECRET, 1, 2 * length + 1)]


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
def test_a_line_with_the_mark_is_passed_over_and_its_neighbours_are_not(piece: int) -> None:
    text = (
        f"a = '{SECRET}'  # keyhouse:allow (revoked)\n"
        f"b = '{SECRET}'\n"
        f"/* keyhouse:allow */ c = '{SECRET}'\n"
    ).encode()
    cuts = list(range(0, len(text), piece))
    assert told(text, cuts) == [(SECRET, 2, 6)]
    wide = text.decode().encode("utf-16")
    assert told(wide, list(range(0, len(wide), piece))) == [(SECRET, 2, 6)]


def test_one_mark_does_not_allow_a_whole_bundle() -> None:
    far = b"x" * NEAR_BYTES
    data = b"/*keyhouse:allow*/" + far + b" " + SECRET.encode()
    assert told(data, []) == [(SECRET, 1, len(data) - len(SECRET) + 1)]


def test_an_endless_text_is_held_in_pieces() -> None:
    """A disk image is scanned in the memory of a few pieces."""
    import tracemalloc

    piece = os.urandom(1 << 20)
    tracemalloc.start()
    try:
        assert list(spots(piece for _ in range(24))) == []
        assert tracemalloc.get_traced_memory()[1] < 6 << 20
    finally:
        tracemalloc.stop()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.secret import is_well_formed, mint
from keyhouse_client.scanning.scan import on_a_line
from keyhouse_client.scanning.shape import LeakedSecret, matches, without_secrets
from tests.client.scanning.minted import hint_of, minted


def found(data: bytes) -> list[str]:
    return [match.secret.text for match in matches(data, 0, len(data))]


kinds = st.sampled_from(KeyKind)
prefixes = st.from_regex(r"[a-z][a-z0-9]{1,15}", fullmatch=True)
entropies = st.binary(min_size=32, max_size=32)


@given(kinds, st.sampled_from(Environment), prefixes, entropies)
def test_all_that_keyhouse_mints_is_found(
    kind: KeyKind, environment: Environment, prefix: str, entropy: bytes
) -> None:
    where = None if kind is KeyKind.MANAGEMENT else environment
    text = mint(prefix, kind, where, entropy).reveal()
    (match,) = matches(text.encode(), 0, len(text))
    secret = match.secret
    assert (secret.text, secret.prefix, secret.kind) == (text, prefix, kind.value)
    assert secret.environment == (str(where) if where else None)
    assert secret.hint == hint_of(text)


@given(kinds, entropies, st.data())
def test_with_a_character_changed_it_is_one_where_keyhouse_says_so(
    kind: KeyKind, entropy: bytes, data: st.DataObject
) -> None:
    where = None if kind is KeyKind.MANAGEMENT else Environment.TEST
    text = bytearray(mint("acme", kind, where, entropy).reveal().encode())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(0, 255))
    whole = bytes(text)
    assert (whole.decode("latin-1") in found(whole)) == is_well_formed(whole)


@given(entropies, st.integers(0, 35), st.sampled_from(b"0aA9zZ"))
def test_a_changed_body_is_no_secret_wherever_it_stands(
    entropy: bytes, place: int, digit: int
) -> None:
    text = bytearray(
        mint("kh", KeyKind.SERVER, Environment.LIVE, entropy).reveal(), "ascii"
    )
    before = text[-36 + place]
    text[-36 + place] = digit
    assert bool(found(b"x=" + bytes(text))) == (digit == before)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ('key="', '"'),
        ("x=", "&y=1"),
        ("MY_", "\n"),
        ("MY", ""),
        ("a-", "_suffix"),
        (r"\n", r"\n"),
        (r"\u000a", ""),
        ("%3d", "%26"),
        ("\x00\xff", "\x00"),
    ],
)
def test_a_secret_is_found_amid_other_text(before: str, behind: str) -> None:
    secret = minted()
    assert found((before + secret + behind).encode()) == [secret]


def test_letters_before_a_prefix_do_not_hide_a_secret() -> None:
    """Where the prefix begins can't be told; that there is a secret can."""
    secret = minted()
    assert found(f"a{secret}".encode()) == [f"a{secret}"]
    assert found(f"{'a' * 40}{secret}".encode()) == [f"{'a' * 14}{secret}"]


def test_what_goes_on_is_no_secret() -> None:
    assert found(f"{minted()}A".encode()) == []
    assert found(f"{minted()}A".encode("utf-16-le")) == []
    assert found(f"{minted()}A".encode("utf-16-be")) == []


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("behind", ["", " ", "\n", "а", "、"])  # noqa: RUF001  (a Cyrillic letter: its low byte is a digit)
def test_wide_text_as_windows_has_it_is_read(coding: str, behind: str) -> None:
    secret, other = minted(), minted(KeyKind.MANAGEMENT)
    data = f"id={secret}{behind} {other}".encode(coding)
    assert found(data) == [secret, other]


@given(st.binary(max_size=2000))
def test_noise_is_none(noise: bytes) -> None:
    assert found(noise) == []


def test_a_found_secret_prints_as_its_hint() -> None:
    """A traceback, or a failed test of somebody's, must not leak it again."""
    text = minted()
    assert repr(LeakedSecret(text)) == f"LeakedSecret('{hint_of(text)}')"


def test_a_fingerprint_is_the_same_for_ever() -> None:
    """It stands in files of allowed keys."""
    text = mint("kh", KeyKind.SERVER, Environment.LIVE, bytes(32)).reveal()
    assert LeakedSecret(text).fingerprint == "fbf450423c0bde5d"


def test_a_name_is_shown_without_secrets_and_on_one_line() -> None:
    secret = minted()
    assert without_secrets(f"a/{secret}.txt") == f"a/{hint_of(secret)}.txt"
    assert on_a_line(f"{secret}\n\x1b[2J\udcff") == rf"{hint_of(secret)}\n\x1b[2J\xff"

"""Secrets: they come back as they were made, and show themselves to nobody."""

import copy
import dataclasses
import json
import logging
import pickle
from hashlib import blake2b, blake2s

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.secret import (
    DIGEST_BYTES,
    ENTROPY_BYTES,
    Fingerprints,
    Secret,
    checksum,
    digest,
    holds_ours,
    is_well_formed,
    kind_of,
    looks_like_ours,
    mint,
    without_secret,
)

_SECRET = mint("kh", KeyKind.SERVER, Environment.LIVE, bytes(range(32)))
_PREFIXES = st.from_regex(r"[a-z][a-z0-9]{1,15}", fullmatch=True)
_ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)
_KINDS = st.sampled_from(
    [
        (KeyKind.MANAGEMENT, None, "mk"),
        (KeyKind.SERVER, Environment.LIVE, "sk_live"),
        (KeyKind.SERVER, Environment.TEST, "sk_test"),
        (KeyKind.PUBLISHABLE, Environment.LIVE, "pk_live"),
        (KeyKind.PUBLISHABLE, Environment.TEST, "pk_test"),
    ]
)


def test_the_checksum_is_the_published_one() -> None:
    assert checksum(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == b"0mLq17"


@given(prefix=_PREFIXES, kind=_KINDS, entropy=_ENTROPY)
def test_what_is_minted_is_read_back(
    prefix: str, kind: tuple[KeyKind, Environment | None, str], entropy: bytes
) -> None:
    text = mint(prefix, kind[0], kind[1], entropy).reveal().encode()
    assert text.startswith(f"{prefix}_{kind[2]}_".encode())
    assert len(text) == len(prefix) + len(kind[2]) + 2 + 36
    assert is_well_formed(text)
    assert looks_like_ours(text)
    assert holds_ours(b"Basic " + text + b" and more")
    assert kind_of(text) is kind[0]


@given(place=st.integers(12, 46), to=st.sampled_from("0123456789abcdefXYZ_-é \n"))
def test_one_wrong_character_is_seen_without_a_lookup(place: int, to: str) -> None:
    text = _SECRET.reveal()
    wrong = text[:place] + to + text[place + 1 :]
    assert is_well_formed(wrong.encode()) is (wrong == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kh",
        "kh_sk_live_",
        _SECRET.reveal() + "\n",
        " " + _SECRET.reveal(),
        _SECRET.reveal()[:-1],
        _SECRET.reveal() + "0",
        _SECRET.reveal().replace("_live", ""),
        _SECRET.reveal().replace("_sk_live", "_mk_live"),
        _SECRET.reveal().replace("live", "prod"),
        _SECRET.reveal().replace("kh_", "k_"),
        _SECRET.reveal().replace("kh_", "KH_"),
        _SECRET.reveal().replace("kh_", "a" * 17 + "_"),
    ],
)
def test_other_strings_have_no_kind(text: str) -> None:
    assert kind_of(text.encode()) is None
    assert not looks_like_ours(text.encode())


@pytest.mark.parametrize("prefix", ["", "k", "K1", "1k", "k_h", "k" * 17, "kh\n", "ké"])
def test_a_prefix_that_no_scanner_would_find_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        mint(prefix, KeyKind.MANAGEMENT, None, bytes(32))


def test_kinds_and_environments_belong_together() -> None:
    with pytest.raises(ValueError, match="environment"):
        mint("kh", KeyKind.MANAGEMENT, Environment.LIVE, bytes(32))
    with pytest.raises(ValueError, match="environment"):
        mint("kh", KeyKind.SERVER, None, bytes(32))


def test_too_little_randomness_makes_no_secret() -> None:
    with pytest.raises(ValueError, match="entropy"):
        mint("kh", KeyKind.MANAGEMENT, None, bytes(31))


def test_a_hint_is_the_prefix_and_the_last_four() -> None:
    assert _SECRET.hint == "kh_sk_live_…" + _SECRET.reveal()[-4:]


@dataclasses.dataclass
class _Answer:
    secret: Secret


def test_no_way_of_printing_tells_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    inner = _SECRET.reveal()[11:-4]
    with caplog.at_level(logging.INFO):
        logging.getLogger("x").info("%s %r", _SECRET, [_SECRET])
    shown = [
        repr(_SECRET),
        str(_SECRET),
        f"{_SECRET} {_SECRET!r} {_SECRET!s:>80}",
        f"{[_SECRET]} {_Answer(_SECRET)} {dataclasses.asdict(_Answer(_SECRET))}",
        json.dumps({"s": _SECRET}, default=repr),
        caplog.text,
    ]
    assert not any(inner in text for text in shown)
    assert not hasattr(_SECRET, "__dict__")


def test_a_secret_is_not_pickled_by_accident() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(_SECRET)
    assert copy.copy(_SECRET) is _SECRET
    assert copy.deepcopy(_SECRET) is _SECRET


def test_a_digest_depends_on_the_pepper() -> None:
    text = _SECRET.reveal().encode()
    one, other = digest(text, b"a" * 32), digest(text, b"b" * 32)
    assert one != other
    assert one == blake2b(text, key=b"a" * 32, digest_size=DIGEST_BYTES).digest()


def test_a_fingerprint_depends_on_every_byte_of_the_pepper() -> None:
    text = _SECRET.reveal().encode()
    ours = Fingerprints(b"a" * 32)
    others = {Fingerprints(b"a" * n + b"b" + b"a" * (31 - n)).of(text) for n in range(32)}
    assert len({ours.of(text), *others}) == 33
    assert ours.of(text) == Fingerprints(b"a" * 32).of(text)


def test_a_fingerprint_is_nothing_that_is_written_down() -> None:
    text = _SECRET.reveal().encode()
    found = Fingerprints(b"a" * 32).of(text)
    assert len(found) == DIGEST_BYTES
    assert found not in (digest(text, b"a" * 32), blake2s(text).digest())


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_a_fingerprint_is_of_all_that_its_hasher_was_given(parts: list[bytes]) -> None:
    ours = Fingerprints(b"a" * 32)
    hasher = ours.hasher()
    for part in parts:
        hasher.update(part)
    assert hasher.digest() == ours.of(b"".join(parts))
    assert ours.of(b"".join(parts)) != ours.of(b"".join(parts) + b"\0")


def test_a_path_is_written_down_without_the_key_in_it() -> None:
    text = _SECRET.reveal()
    assert without_secret(f"/a/{text}/{text}", text.encode()) == "/a/…/…"
    assert without_secret("/a", text.encode()) == "/a"
    assert without_secret("/a", None) == "/a"
    assert without_secret("/a", b"") == "/a"

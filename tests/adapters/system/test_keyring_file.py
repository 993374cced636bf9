import errno
import json
import os
import stat
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from keyhouse.adapters.system import (
    KeyringError,
    SystemClock,
    SystemEntropy,
    add_sealing_key,
    add_signing_key,
    boot_id,
    complete_keyring,
    create_keyring,
    dump_keyring,
    load_keyring,
    parse_keyring,
    putting_keyring,
    retire_signing_key,
)
from keyhouse.core.keyring import (
    Keyring,
    Pepper,
    SealingKey,
    SigningAlgorithm,
    SigningKey,
)


def test_what_was_created_is_what_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    assert create_keyring(path) == load_keyring(path)


def test_only_its_owner_may_read_a_new_keyring(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    before = os.umask(0)
    try:
        create_keyring(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_keyring_is_never_written_over(tmp_path: Path) -> None:
    """Two first starts at once: both must end with the same pepper."""
    path = tmp_path / "keyring.json"
    first = create_keyring(path)
    assert create_keyring(path) == first
    assert load_keyring(path) == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_keyring_open_to_others_is_refused_and_the_remedy_told(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "keyring.json"
    create_keyring(path)
    path.chmod(mode)
    with pytest.raises(KeyringError, match=f"chmod 600 {path}"):
        load_keyring(path)


def test_a_missing_keyring_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match=r"nowhere\.json is missing"):
        load_keyring(tmp_path / "nowhere.json")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="cannot be made: no such file"):
        create_keyring(tmp_path / "no" / "keyring.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "peppers": []}',
        '{"version": 1, "peppers": []}',
        '{"version": 1, "peppers": [{"id": "a", "state": "active", "key": "SECRETISH"}]}',
        '{"version": 1, "peppers": [{"id": 1, "state": "active", "key": ""}]}',
        '{"version": 1, "peppers": [{"id": "a", "state": "lost", "key": "SECRETISH"}]}',
        '{"version": 1, "peppers": ["SECRETISH"]}',
        '{"version": 1, "peppers": [], "sealing": {"SECRETISH": 1}}',
        '{"version": 1, "peppers": [], "sealing": ["SECRETISH"]}',
        '{"version": 1, "peppers": [{"id": "a", "state": "active", "key": "SECRET',
    ],
)
def test_a_damaged_keyring_is_told_and_its_content_is_not(text: str) -> None:
    with pytest.raises(KeyringError) as caught:
        parse_keyring(text, "KEYHOUSE_KEYRING")
    assert "KEYHOUSE_KEYRING" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_text_from_the_environment_gives_the_same_keyring(tmp_path: Path) -> None:
    ring = create_keyring(tmp_path / "keyring.json")
    assert parse_keyring(dump_keyring(ring), "KEYHOUSE_KEYRING") == ring
    assert json.loads(dump_keyring(ring))["version"] == 1


def with_peppers_alone(path: Path) -> Keyring:
    """A keyring as it was made before there were other keys."""
    ring = replace(create_keyring(path), sealing=(), signing=())
    content = json.loads(dump_keyring(ring))
    del content["sealing"], content["signing"]
    path.write_text(json.dumps(content))
    return ring


def test_a_new_keyring_has_a_key_of_each_purpose(tmp_path: Path) -> None:
    ring = create_keyring(tmp_path / "keyring.json")
    rings: tuple[Sequence[Pepper | SealingKey | SigningKey], ...]
    rings = (ring.peppers, ring.sealing, ring.signing)
    keys = [one for keys in rings for one in keys]
    assert [one.id.partition("_")[0] for one in keys] == ["pep", "seal", "sign"]
    assert len({one.key for one in keys}) == 3


def test_an_older_keyring_gains_what_it_lacks_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    old = with_peppers_alone(path)
    assert load_keyring(path) == old
    completed = complete_keyring(path)
    assert completed.peppers == old.peppers
    assert (len(completed.sealing), len(completed.signing)) == (1, 1)
    assert complete_keyring(path) == load_keyring(path) == completed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_complete_a_keyring_at_once_end_with_one(tmp_path: Path) -> None:
    """Else what one of them sealed meanwhile could never be opened again."""
    path = tmp_path / "keyring.json"
    with_peppers_alone(path)
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: complete_keyring(path), range(8)))
    assert set(rings) == {load_keyring(path)}


def test_a_keyring_that_has_sealing_keys_gains_a_signing_key_alone(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    old = replace(create_keyring(path), signing=())
    path.write_text(dump_keyring(old))
    completed = complete_keyring(path)
    assert (completed.peppers, completed.sealing) == (old.peppers, old.sealing)
    assert len(completed.signing) == 1


@pytest.mark.parametrize(
    ("add", "purpose", "other"),
    [(add_sealing_key, "sealing", "signing"), (add_signing_key, "signing", "sealing")],
)
def test_a_rotation_keeps_what_was_there(
    tmp_path: Path, add: Callable[[Path], Keyring], purpose: str, other: str
) -> None:
    path = tmp_path / "keyring.json"
    first = create_keyring(path)
    second = add(path)
    assert second.peppers == first.peppers
    assert getattr(second, other) == getattr(first, other)
    keys = getattr(second, purpose)
    assert keys[1].key == getattr(first, purpose)[0].key
    assert [one.state.value for one in keys] == ["active", "accepting"]
    third = add(path)
    assert [one.id for one in getattr(third, purpose)[1:]] == [one.id for one in keys]
    assert load_keyring(path) == third


def test_a_keyring_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keyring.json"
    old = with_peppers_alone(path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyringError, match="new key: no space left"):
        complete_keyring(path)
    assert load_keyring(path) == old
    assert list(tmp_path.iterdir()) == [path]


def test_clocks_tell_microseconds() -> None:
    clock = SystemClock()
    assert abs(clock.now_us() - time.time() * 1e6) < 60e6
    assert clock.monotonic_us() <= clock.monotonic_us()
    with Path("/proc/uptime").open() as uptime:
        assert abs(clock.monotonic_us() - float(uptime.read().split()[0]) * 1e6) < 60e6


def test_randomness_is_fresh_and_the_boot_id_is_not() -> None:
    assert len(SystemEntropy().take(32)) == 32
    assert SystemEntropy().take(32) != SystemEntropy().take(32)
    assert boot_id() == boot_id() == str(UUID(boot_id()))


def test_a_signing_key_for_es256_is_kept_as_such_and_retired_when_it_signs_no_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keyring.json"
    first = create_keyring(path).signing[0]
    second = add_signing_key(path, algorithm=SigningAlgorithm.ES256).signing[0]
    assert load_keyring(path).signing[0].algorithm is SigningAlgorithm.ES256
    assert load_keyring(path).signing[1].algorithm is SigningAlgorithm.EDDSA
    with pytest.raises(KeyringError, match="still signs"):
        retire_signing_key(path, second.id)
    with pytest.raises(KeyringError, match="no signing key"):
        retire_signing_key(path, "sign_none")
    assert retire_signing_key(path, first.id).signing == (second,)
    assert load_keyring(path).signing == (second,)


def test_a_number_beyond_the_curve_is_no_key_for_es256(tmp_path: Path) -> None:
    given = iter([b"i" * 8, b"\xff" * 32, b"k" * 32, b"n" * 4])
    path = tmp_path / "keyring.json"
    create_keyring(path)
    made = add_signing_key(path, lambda _: next(given), SigningAlgorithm.ES256)
    assert made.signing[0].key == b"k" * 32
    text = path.read_text().replace(
        b64encode(b"k" * 32).decode(), b64encode(b"\xff" * 32).decode()
    )
    path.write_text(text)
    with pytest.raises(KeyringError, match="no number of P-256"):
        load_keyring(path)


def test_a_keyring_that_is_put_in_place_keeps_the_one_before_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever restores over the wrong folder has lost no key."""
    path, elsewhere = tmp_path / "deep" / "keyring.json", tmp_path / "other.json"
    new = create_keyring(elsewhere)
    for _ in range(2):
        with putting_keyring(path, new):
            pass
        assert load_keyring(path) == new
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]
    newer = add_sealing_key(elsewhere)
    with putting_keyring(path, newer):
        assert load_keyring(path) == new
    (kept,) = path.parent.glob("keyring.json.replaced-*")
    assert (load_keyring(kept), load_keyring(path)) == (new, newer)
    assert str(kept) in caplog.text
    path.write_text("damaged")
    kept.unlink()
    with putting_keyring(path, new):
        pass
    (aside,) = path.parent.glob("keyring.json.replaced-*")
    assert aside.read_text() == "damaged"


def test_a_keyring_is_not_put_in_place_where_what_it_belongs_to_fails(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keyring.json"
    old = create_keyring(path)
    other = create_keyring(tmp_path / "other.json")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match="full"), putting_keyring(path, other):
        raise OSError("full")
    assert load_keyring(path) == old
    assert sorted(tmp_path.iterdir()) == before


def test_a_keyring_that_cannot_be_put_in_place_says_so(tmp_path: Path) -> None:
    ring = create_keyring(tmp_path / "keyring.json")
    below = tmp_path / "keyring.json" / "below"
    with (
        pytest.raises(KeyringError, match="cannot be written"),
        putting_keyring(below, ring),
    ):
        pass

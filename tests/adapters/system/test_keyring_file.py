import json
import os
import stat
import time
from pathlib import Path
from uuid import UUID

import pytest

from keyhouse.adapters.system import (
    KeyringError,
    SystemClock,
    SystemEntropy,
    boot_id,
    create_keyring,
    dump_keyring,
    load_keyring,
    parse_keyring,
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

"""The data folder is made at the first start, whatever else the environment holds."""

from pathlib import Path

import pytest

from keyhouse import settings, wiring
from keyhouse.adapters.system import load_keyring
from keyhouse.wiring.folder import keyring


def test_a_variable_that_is_empty_gives_no_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose files pass on what is not set as an empty text."""
    monkeypatch.setenv("KEYHOUSE_KEYRING", "")
    chosen = settings.load({"data.dir": str(tmp_path / "data")}, {})
    wiring.prepare(chosen)
    assert keyring(chosen) == load_keyring(chosen.keyring_path)
    again = settings.load({"data.dir": str(tmp_path / "again")}, {})
    file = tmp_path / "a.backup"
    wiring.back_up(chosen, file, None, lambda *_: None, with_keyring=True, with_usage=True)
    wiring.restore(again, file, None, lambda *_: None, force=False)
    assert keyring(again) == keyring(chosen)

"""A guard of the wheel alone, which has nothing to check signatures with."""

import sys
from pathlib import Path

import pytest

from keyhouse import settings, wiring
from keyhouse.adapters.system import load_keyring
from keyhouse.wiring.folder import signer_of


def test_it_runs_all_the_same_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = settings.load({"data.dir": tmp_path / "data"}, environ={})
    wiring.prepare(loaded)
    ring = load_keyring(loaded.keyring_path)
    assert signer_of(loaded, ring) is not None
    monkeypatch.setitem(sys.modules, "keyhouse.adapters.signing", None)
    with caplog.at_level("INFO"):
        assert signer_of(loaded, ring) is None
    assert "pip install cryptography" in caplog.text

"""What the bench measures without sockets measures what it says."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import cold, holding, inside, keygate_check

ROOT = Path(inside.__file__).parents[1]


def test_decisions_and_the_guard_are_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key with limits takes longer, and the guard, which counts, more still."""
    monkeypatch.setattr(inside, "RUNS", 3)
    monkeypatch.setattr(inside, "CALLS", 200)
    told = asyncio.run(inside._measured(tmp_path / "data"))
    assert 0 < told["bare_us"] < told["full_us"]
    assert told["bare_us"] < told["guard_us"]


def test_a_cached_key_takes_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "WARM", 20)
    monkeypatch.setattr(holding, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(holding, "LIMITED_OF", 10)
    told = asyncio.run(holding._measured(tmp_path / "data", 200))
    assert sorted(told) == ["bare_bytes", "full_bytes", "grown_bytes", "own_bytes"]
    for name in ("bare_bytes", "own_bytes"):
        assert 100 < told[name] < 100_000, name


def test_a_cold_key_is_timed(tmp_path: Path) -> None:
    told = cold.measured("sqlite", tmp_path, 200)
    assert 0 < told["p50_ms"] <= told["p99_ms"]


def test_the_library_of_django_checks_its_key() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.drf"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    assert json.loads(ran.stdout)["us"] > 10


def test_keygate_checks_its_key(tmp_path: Path) -> None:
    assert keygate_check.measure(tmp_path, runs=1, keys=3) > 10

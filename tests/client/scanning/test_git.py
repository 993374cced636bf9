"""Which git is run, and what is read from it."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from keyhouse_client.scanning.git import words
from tests.client.scanning.conftest import Kh, Repository


@pytest.mark.parametrize("entry", ["", ".", "tools"])
def test_no_git_is_run_that_lies_in_the_repository(
    repository: Repository,
    kh: Kh,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entry: str,
) -> None:
    for name in ("git", "tools/git"):
        program = repository.write(name, f"#!/bin/sh\necho >{tmp_path / 'ran'}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{entry}{os.pathsep}{os.environ['PATH']}")
    assert kh("--staged")[0] == 0
    assert not (tmp_path / "ran").exists()


class Pieces(io.RawIOBase):
    """A stream of which three bytes come at once."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def read(self, size: int = -1) -> bytes:
        piece, self.left = self.left[:3], self.left[3:]
        return piece


@pytest.mark.parametrize("told", [b"", b"a", b"a\0", b"abcdefgh\0\0ij\0", b"\0", b"a\0bc"])
def test_words_are_what_stands_between_zeros(told: bytes) -> None:
    stream: Any = Pieces(told)
    expected = told.split(b"\0")
    assert list(words(stream)) == (expected if expected[-1] else expected[:-1])

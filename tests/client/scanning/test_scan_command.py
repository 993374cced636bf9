import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from keyhouse.core.entities import Environment, KeyKind
from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def test_publishable_keys_are_told_where_that_is_asked_for(
    outside: Repository, kh: Kh
) -> None:
    """They may stand in a page."""
    secret = minted(KeyKind.PUBLISHABLE, Environment.TEST)
    outside.write("a", secret)
    assert kh()[0] == 0
    line = f"a:1:1: publishable key {hint_of(secret)} (test)"
    assert kh("--publishable")[:2] == (1, [line])


def test_the_summary_counts_places_and_keys_and_tells_the_mend(
    outside: Repository, kh: Kh
) -> None:
    secret = minted(KeyKind.MANAGEMENT)
    outside.write("a", f"{secret} {secret}")
    outside.write("b", f"{minted()}\n{secret}")
    code, lines, said = kh()
    assert (code, len(lines)) == (1, 4)
    assert lines[1] == f"a:1:{len(secret) + 2}: management key {hint_of(secret)}"
    assert said.startswith("kh: 4 places of 2 keys in 2 files\nkh: Replace each key")


def test_json_has_all_fields_and_no_secret(outside: Repository, kh: Kh) -> None:
    secret = minted(prefix="acme")
    outside.write("a\nb", f"x {secret}")
    code, lines, said = kh("--json", ".", "nowhere")
    told = json.loads("\n".join(lines))
    (finding,) = told["findings"]
    assert len(finding.pop("fingerprint")) == 16
    assert finding == {
        "path": "a\nb",
        "line": 1,
        "column": 3,
        "kind": "server",
        "environment": "live",
        "prefix": "acme",
        "hint": hint_of(secret),
        "commit": None,
        "committed_at": None,
    }
    assert told["scanned"] == {"files": 1, "bytes": len(secret) + 2}
    assert told["unread"] == [{"path": "nowhere", "reason": "No such file or directory"}]
    assert code == 2
    assert secret not in "\n".join([*lines, said])


def test_what_the_repository_allows_is_passed_over(
    repository: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.write("inside/a", minted())
    told = json.loads("\n".join(kh("--json")[1]))
    fingerprint = told["findings"][0]["fingerprint"]
    repository.write(".keyhouse-allow", f"{fingerprint}  # revoked in 2026\n")
    assert kh()[0] == 0
    monkeypatch.chdir(repository.top / "inside")
    assert kh()[0] == kh("a")[0] == 0
    (tmp_path / "none").write_text("")
    assert kh("--allow", str(tmp_path / "none"))[0] == 1
    monkeypatch.chdir(tmp_path)
    assert kh("top/inside/a")[0] == 0
    repository.write(".keyhouse-allow", "\nnonsense")
    code, _, said = kh("top")
    assert code == 2
    assert ".keyhouse-allow:2: is no fingerprint" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--staged", "a"],
        ["--history", "a"],
        ["--since", "HEAD", "a"],
        ["--install-hook", "pre-commit", "a"],
        ["--staged", "--history"],
        ["--all", "--staged"],
        ["--install-hook", "post-commit"],
        ["--json", "--sarif", "-"],
        ["--allow", "nowhere"],
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_wrong_use(
    repository: Repository, kh: Kh, arguments: list[str]
) -> None:
    repository.write("a", minted())
    code, lines, said = kh(*arguments)
    assert (code, lines) == (2, [])
    assert said.startswith("{" if "--json" in arguments else "kh: ")


def test_no_management_key_is_needed_but_to_ask(
    outside: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYHOUSE_API_KEY", raising=False)
    outside.write("a", minted())
    assert kh()[0] == 1
    code, lines, said = kh("--look-up")
    assert (code, lines) == (2, [])
    assert "KEYHOUSE_API_KEY is not set" in said


def test_a_repository_that_git_does_not_open_is_wrong_use(
    repository: Repository, kh: Kh
) -> None:
    """Not one without git: what is ignored would be looked at, and called clean."""
    repository.git("config", "core.repositoryFormatVersion", "99")
    code, _, said = kh()
    assert code == 2
    assert "git rev-parse: fatal: " in said


def test_on_a_terminal_a_long_history_shows_how_far_it_is(
    repository: Repository, programs: Path
) -> None:
    repository.commit(**{f"f{number}": str(number) for number in range(600)})
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [programs / "kh", "scan", "--history"], stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        told = b""
        while piece := _read(ours):
            told += piece
        assert process.wait() == 0
    os.close(ours)
    assert b"kh: 500 objects of git looked at\r\x1b[K" in told
    assert told.endswith(b"kh: no key in 601 files\r\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        # How Linux tells that nobody writes any more.
        return b""


def test_modules_are_there_on_every_system() -> None:
    """Windows has no fcntl and the like."""
    code = (
        "import sys; [sys.modules.__setitem__(name, None) for name in "
        "('fcntl', 'pwd', 'grp', 'termios', 'resource')]; "
        "import keyhouse_client.command.scan"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

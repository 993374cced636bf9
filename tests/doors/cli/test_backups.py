"""What one types to back up and to restore."""

import json
from pathlib import Path

import pytest

from keyhouse.doors.cli import asking
from tests.doors.cli.conftest import Installation, Run

PASSPHRASE = "correct horse battery"


def test_a_backup_tells_what_is_in_it_and_warns_of_the_keyring(
    run: Run, here: Installation, tmp_path: Path
) -> None:
    result = run("backup", "--out", str(tmp_path / "a"), "--without-usage")
    assert result.exit_code == 0
    assert "holds 2 keys, 3 rows in all, as of 2026-03-01T09:30:00Z" in result.output
    assert "keyring in the clear" in result.output
    assert "key: 50000 rows" in result.stderr
    assert here.called == [("backup", tmp_path / "a", None, True, False)]


def test_a_passphrase_comes_from_a_file_or_the_environment_and_is_not_told(
    run: Run, here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    line = ("backup", "--out", "a", "--json", "--passphrase-file", str(file))
    told = run(*line, "--without-keyring")
    monkeypatch.setenv("KEYHOUSE_BACKUP_PASSPHRASE", PASSPHRASE)
    run("restore", "sealed-a", "--force")
    assert here.called == [
        ("backup", Path("a"), PASSPHRASE, False, True),
        ("restore", Path("sealed-a"), PASSPHRASE, True),
    ]
    assert PASSPHRASE not in told.output
    assert json.loads(told.stdout)["rows"] == {"key": 2, "api": 1}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (("backup", "--out", "a", "--seal"), "A passphrase is needed"),
        (("restore", "sealed-a"), "A passphrase is needed"),
        (("backup", "--out", "a", "--passphrase-file", "none"), "can't be read"),
    ],
)
def test_where_nobody_can_be_asked_it_is_wrong_use(
    run: Run, here: Installation, line: tuple[str, ...], text: str
) -> None:
    result = run(*line)
    assert (result.exit_code, here.called) == (2, [])
    assert text in result.output


def test_a_question_is_no_part_of_what_programs_read(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "is_terminal", lambda: True)
    line = ("backup", "--out", "a", "--seal", "--json")
    result = run(*line, stdin=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert here.called == [("backup", Path("a"), PASSPHRASE, True, True)]
    assert "Passphrase" in result.stderr
    assert "Passphrase" not in result.stdout


def test_a_short_passphrase_is_refused(
    run: Run, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYHOUSE_BACKUP_PASSPHRASE", "short")
    assert run("backup", "--out", "a").exit_code == 2
    assert here.called == []

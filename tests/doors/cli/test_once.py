"""A secret is told once: to nobody but who asked, and never lost on the way."""

import os
import stat
from pathlib import Path

import pytest

from keyhouse.doors.cli import once
from keyhouse.doors.cli.entries import WrongUse

from .conftest import KEY_SECRET, Run, Server

_KEY = {"id": "key_1", "name": "planner", "secret": KEY_SECRET}
_CREATE = ("keys", "create", "planner", "--api", "weather")


@pytest.fixture(autouse=True)
def _made(server: Server) -> None:
    server.answer("POST", "/v1/keys", 201, _KEY)


def test_a_pipe_gets_no_secret_unless_that_is_asked_for(run: Run, server: Server) -> None:
    """It may end in a log of a build that many read."""
    result = run(*_CREATE)
    assert result.exit_code == 2
    assert "--show-secret" in result.stderr
    assert not server.asked, "no key is made whose secret nobody has"
    assert run(*_CREATE, "--show-secret").stdout == f"{KEY_SECRET}\n"


def test_a_terminal_gets_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(once, "_is_terminal", lambda: True)
    assert run(*_CREATE).stdout == f"{KEY_SECRET}\n"


def test_a_file_that_is_there_is_kept_unless_force_says_so(
    run: Run, server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "planner.key"
    out.write_text("another secret\n")
    out.chmod(0o644)
    result = run(*_CREATE, "--out", str(out))
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert (out.read_text(), server.asked) == ("another secret\n", [])
    assert run(*_CREATE, "--out", str(out), "--force").exit_code == 0
    assert out.read_text() == f"{KEY_SECRET}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["planner.key"]


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_refusal_leaves_no_file_behind(
    run: Run, server: Server, tmp_path: Path, force: tuple[str, ...]
) -> None:
    server.answer("POST", "/v1/keys", 403, {"title": "Forbidden", "status": 403})
    assert run(*_CREATE, "--out", str(tmp_path / "planner.key"), *force).exit_code == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_before_a_key_is_made(
    run: Run, server: Server, tmp_path: Path
) -> None:
    result = run(*_CREATE, "--out", str(tmp_path / "none" / "planner.key"))
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert run(*_CREATE, "--out", str(tmp_path), "--force").exit_code == 2
    assert not server.asked


def test_others_can_never_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with once.secret_file(tmp_path / "a.key", force=False) as file:
            assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
            file.fill(KEY_SECRET)
    finally:
        os.umask(before)


def test_a_link_that_somebody_laid_is_not_followed(tmp_path: Path) -> None:
    """In a folder that others write to, the name may lead elsewhere."""
    (tmp_path / "planner.key").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(WrongUse, match="--force"),
        once.secret_file(tmp_path / "planner.key", force=False),
    ):
        pass
    with once.secret_file(tmp_path / "planner.key", force=True) as file:
        file.fill(KEY_SECRET)
    assert [one.name for one in tmp_path.iterdir()] == ["planner.key"]


@pytest.mark.parametrize("where", ["--out", "--show-secret", "--json"])
@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ("keys create planner --api weather", "keyhouse keys rotate thing_1"),
        ("keys rotate thing_1", "keyhouse keys revoke thing_1"),
        ("keys create planner --api weather --count 1", "keyhouse keys rotate ID"),
        ("webhooks create https://example.com", "webhooks rotate-secret thing_1"),
        ("webhooks rotate-secret thing_1", "keyhouse webhooks delete thing_1"),
        ("calendars create planner", "keyhouse calendars delete thing_1"),
    ],
)
def test_a_secret_that_no_answer_had_is_a_failure_that_tells_how_to_go_on(
    run: Run, server: Server, tmp_path: Path, where: str, line: str, mend: str
) -> None:
    """The first answer was lost; its repeat bears no secret, and a script would go on."""
    again = {**_KEY, "id": "thing_1", "secret": None, "secret_already_shown": True}
    server.answers.clear()
    server.other = lambda _, path: (201, {"data": [again]} if "batch" in path else again)
    to = [where, str(tmp_path / "planner.key")] if where == "--out" else [where]
    result = run(*line.split(), *to)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "thing_1" in result.stderr
    assert mend in result.stderr
    assert ('"code": "secret_lost"' in result.stderr) == (where == "--json")
    assert not list(tmp_path.iterdir())

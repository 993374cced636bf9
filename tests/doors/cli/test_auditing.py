"""`keyhouse audit`: a list, and an export that goes on where it ended."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run, Server

_AT = "/v1/audit/export"


def row(number: int) -> dict[str, Any]:
    return {"id": f"aud_{number}", "action": "key.revoke", "actor": "usr_ü"}


def exported(server: Server, *numbers: int) -> None:
    """What the server has to tell: the test's server writes one JSON value."""
    (number,) = numbers
    server.answer("GET", _AT, 200, row(number))


def test_the_list_is_filtered(run: Run, server: Server) -> None:
    server.answer("GET", "/v1/audit", 200, {"data": [row(1)], "next_cursor": None})
    options = ("--action", "key.revoke", "--actor", "usr_1", "--subject", "key_1")
    times = ("--since", "2026-01-01T00:00:00Z", "--until", "2026-02-01T00:00:00Z")
    told = run("audit", *options, *times, "--json")
    assert json.loads(told.stdout) == [row(1)]
    for part in ("action=key.revoke", "actor=usr_1", "subject=key_1", "since=2026-01"):
        assert part in server.asked[0].path


def test_an_export_is_a_line_each(run: Run, server: Server) -> None:
    exported(server, 1)
    assert run("audit", "--export", "-").stdout == f"{json.dumps(row(1))}\n"
    assert server.asked[0].path == _AT


def test_an_export_into_a_file_goes_on_where_it_ended(
    run: Run, server: Server, tmp_path: Path
) -> None:
    """A line that broke off, as the power failed, is written anew."""
    path = tmp_path / "audit.jsonl"
    exported(server, 1)
    assert run("audit", "--export", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("a") as file:
        file.write('{"id": "aud_2", "act')
    exported(server, 2)
    told = run("audit", "--export", str(path))
    assert "1 rows are added" in told.stderr
    assert server.asked[-1].path == f"{_AT}?after=aud_1"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert found == [row(1), row(2)]


def test_an_empty_file_is_begun(run: Run, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.touch()
    exported(server, 1)
    assert run("audit", "--export", str(path)).exit_code == 0
    assert server.asked[0].path == _AT


@pytest.mark.parametrize("content", ["notes\n", "no line", '{"id": 5}\n', "[]\n"])
def test_a_file_that_is_something_else_is_left_alone(
    run: Run, server: Server, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    told = run("audit", "--export", str(path))
    assert told.exit_code == 2
    assert "is no export of the audit" in told.stderr
    assert path.read_text() == content
    assert server.asked == []


def test_an_export_is_whole_and_so_takes_no_filter(run: Run, server: Server) -> None:
    """Behind a gap nobody could say later what is missing."""
    told = run("audit", "--export", "-", "--action", "key.revoke")
    assert told.exit_code == 2
    assert "leave out" in told.stderr


def test_a_place_to_go_on_from_can_be_named(run: Run, server: Server) -> None:
    exported(server, 7)
    run("audit", "--export", "-", "--after", "aud_6")
    assert server.asked[0].path == f"{_AT}?after=aud_6"

"""`keyhouse keys import`: a file goes in parts, and whatever happens is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli.conftest import Run, Server

ID = "imp_1"
AT = f"/v1/imports/{ID}"


def told(state: str = "open", **fields: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "state": state,
        "ended": None,
        "format": "csv",
        "dry_run": False,
        "parts": 0,
        "rows": 0,
        "imported": 0,
        "skipped": 0,
        "lessened": 0,
        "problems": [],
        "problems_count": 0,
        **fields,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.csv"
    rows = "".join(f"Caller {n},old.{n:032}\r\n" for n in range(1100))
    path.write_bytes(b"\xef\xbb\xbfname,secret\r\n" + rows.encode())
    return path


def answers(server: Server, *, end: dict[str, Any]) -> None:
    server.answer("POST", "/v1/imports", 201, told())
    server.answer("POST", f"{AT}/parts", 200, told(rows=500))
    server.answer("POST", f"{AT}/finish", 200, end)


def test_a_file_goes_in_parts_and_is_finished(run: Run, server: Server, file: Path) -> None:
    answers(server, end=told("done", rows=1100, imported=1100))
    line = ("keys", "import", str(file), "--format", "csv", "--api", "weather:a:b,@reader")
    result = run(*line, "--environment", "test", "--api", "maps", "--failonwarnings")
    assert result.exit_code == 0, result.output
    begun, *parts, finished = server.asked
    assert begun.body == {
        "format": "csv",
        "access": [
            {"api": "weather", "scopes": ["a:b"], "roles": ["reader"]},
            {"api": "maps", "scopes": [], "roles": []},
        ],
        "environment": "test",
        "fail_on_warnings": True,
        "dry_run": False,
    }
    assert [(one.path, one.body["part"], one.body["line"]) for one in parts] == [
        (f"{AT}/parts", 1, 2),
        (f"{AT}/parts", 2, 502),
        (f"{AT}/parts", 3, 1002),
    ]
    assert parts[1].body["text"].startswith("name,secret\r\nCaller 500,")
    assert finished.path == f"{AT}/finish"
    assert "imported 1100 of 1100 rows" in result.output


def test_one_that_broke_off_goes_on_behind_what_is_in(
    run: Run, server: Server, file: Path
) -> None:
    answers(server, end=told("done", rows=1100, imported=1100))
    server.answer("GET", AT, 200, told(parts=2, rows=1000))
    result = run("keys", "import", str(file), "--format", "csv", "--resume", ID)
    assert result.exit_code == 0, result.output
    assert [(one.method, one.path) for one in server.asked] == [
        ("GET", AT),
        ("POST", f"{AT}/parts"),
        ("POST", f"{AT}/finish"),
    ]
    assert server.asked[1].body["part"] == 3


def test_where_it_breaks_off_it_says_how_to_go_on(
    run: Run, server: Server, file: Path
) -> None:
    answers(server, end=told("done"))
    server.answer("POST", f"{AT}/parts", 409, {"title": "Conflict", "status": 409})
    result = run("keys", "import", str(file), "--format", "csv", "--api", "weather")
    assert result.exit_code == 1
    assert f"keyhouse keys import {file} --format csv --resume {ID}" in result.output
    assert f"keyhouse imports cancel {ID}" in result.output


def test_how_to_go_on_is_told_to_a_program_too(
    run: Run, server: Server, file: Path
) -> None:
    """In the one document that stderr holds."""
    server.answer("POST", "/v1/imports", 201, told())
    server.answer("POST", f"{AT}/parts", 409, {"title": "Conflict", "code": "conflict"})
    result = run("keys", "import", str(file), "--format", "csv", "--json")
    failure = json.loads(result.stderr)
    assert (result.exit_code, failure["code"]) == (1, "conflict")
    assert f"--resume {ID}" in failure["notes"][0]


def test_faults_are_told_by_line_and_an_import_that_was_undone_is_no_success(
    run: Run, server: Server, file: Path
) -> None:
    problem = {
        "line": 7,
        "field": "secret",
        "reason": "is imported already",
        "mend": "leave the row out",
        "skipped": True,
    }
    undone = told(
        "undone", ended="warnings", rows=1100, problems=[problem], problems_count=3
    )
    answers(server, end=told("undoing"))
    server.answer("GET", AT, 200, undone)
    line = ("keys", "import", str(file), "--format", "csv", "--api", "weather")
    result = run(*line)
    assert result.exit_code == 1
    assert "nothing is imported (warnings)" in result.output
    assert "is imported already" in result.output
    assert "… and 2 more" in result.output
    dry = told("undone", ended="dry_run", dry_run=True, rows=1100, imported=1099)
    server.answer("GET", AT, 200, dry)
    result = run(*line, "--dry-run", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == dry


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name;secret\n", "commas"),
        (b"name,secret\n\xff,b\n", "UTF-8"),
        (b'name,secret\nA,"b\n', "CSV"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_before_anything_is_begun(
    run: Run, server: Server, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "keys.csv"
    if content is not None:
        path.write_bytes(content)
    result = run("keys", "import", str(path), "--format", "csv", "--api", "weather")
    assert result.exit_code == 2
    assert words in result.output
    assert server.asked == []


def test_imports_are_listed_shown_and_cancelled(run: Run, server: Server) -> None:
    server.answer("GET", "/v1/imports", 200, {"data": [told()], "next_cursor": None})
    server.answer("GET", AT, 200, told())
    server.answer("POST", f"{AT}/cancel", 200, told("undoing"))
    assert ID in run("imports", "list").output
    assert json.loads(run("imports", "show", ID, "--json").stdout)["state"] == "open"
    assert f"{ID} is undoing" in run("imports", "cancel", ID).output
    server.answer("GET", "/v1/keys", 200, {"data": [], "next_cursor": None})
    assert run("keys", "list", "--import", ID).exit_code == 0
    assert f"import_id={ID}" in server.asked[-1].path

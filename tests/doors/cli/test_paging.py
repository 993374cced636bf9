"""Lists that are longer than what is shown."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Run, Server

_ROWS = [{"id": f"prj_{number}", "name": "p", "disabled_at": None} for number in range(250)]


@pytest.fixture(autouse=True)
def _pages(server: Server) -> None:
    """Projects by pages, as the API gives them: the cursor is where to go on."""

    def answer(_method: str, _path: str) -> tuple[int, object]:
        query = parse_qs(urlsplit(server.asked[-1].path).query)
        start = int(query.get("cursor", ["0"])[0])
        end = start + int(query["limit"][0])
        more = str(end) if end < len(_ROWS) else None
        return 200, {"data": _ROWS[start:end], "next_cursor": more}

    server.other = answer


def _ids(text: str) -> list[str]:
    return [row["id"] for row in json.loads(text)]


def test_a_list_that_is_cut_tells_where_it_goes_on(run: Run) -> None:
    """A program that reads on gets every row once."""
    first = run("projects", "list", "--limit", "130", "--json")
    cursor = json.loads(first.stderr)["next_cursor"]
    rest = run("projects", "list", "--cursor", cursor, "--json")
    assert _ids(first.stdout) + _ids(rest.stdout) == [row["id"] for row in _ROWS]
    assert rest.stderr == ""
    assert "--cursor 5 goes on" in run("projects", "list", "--limit", "5").stderr


def test_all_of_it_comes_whatever_the_limit_is(run: Run) -> None:
    result = run("projects", "list", "--all", "--limit", "3", "--json")
    assert len(_ids(result.stdout)) == len(_ROWS)
    assert result.stderr == ""


def test_no_more_is_asked_for_than_is_shown(run: Run, server: Server) -> None:
    run("projects", "list", "--limit", "7")
    assert [asked.path for asked in server.asked] == ["/v1/projects?limit=7"]

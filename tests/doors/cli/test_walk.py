"""A walk through every command: what all of them promise alike.

A new command is found here on its own. Where one fails, its message says what
to give it; where the walk can't know something, a table below is told.
"""

import json
import socket
from collections import Counter
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from client.generate.document import document
from keyhouse.doors.cli import failures
from keyhouse_client import calls
from tests.repository.places import ROOT
from tests.servers.documented import answering

from .conftest import KEY_SECRET, Installation, Run, Server
from .tree import Leaf, groups, leaves, registered

NOT_RUN: Final = {
    "apply": "it asks somebody first: test_declarations.py",
    "backup": "it asks somebody for a passphrase: test_backups.py",
    "keys import": "its answers follow on each other: test_importing.py",
}
"""Commands whose example can't be run here, and why."""
LEAVES: Final = list(leaves())
FILES: Final[dict[str, str]] = {}
"""Files that examples read, by name, with what is in them."""
LOCAL_LISTS: Final = {"mail"}
"""Lists that no server pages."""
MEANT_TO_SHOW: Final = {"quickstart"}
"""Commands that are there to print a secret: a curl line that works."""
REFUSAL: Final = {
    "title": "Forbidden",
    "code": "scope_missing",
    "detail": "The key lacks a scope.",
    "request_id": "req_1",
    "errors": [{"field": "name", "reason": "is taken", "mend": "choose another"}],
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return document()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Installation) -> Path:
    """Where examples are run: with the files that they read, and one person."""
    here.owner = "ada@example.com"
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(calls, "PAUSE_SECONDS", 0)
    for name, content in FILES.items():
        (work / name).write_text(content)
    return work


def _unreachable() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


every = pytest.mark.parametrize("leaf", LEAVES, ids=str)


@every
def test_it_has_json_words_and_an_example(leaf: Leaf) -> None:
    assert "--json" in leaf.options, f"{leaf}: add `as_json: AsJson = False`"
    assert leaf.command.help, f"{leaf}: its docstring is its help"
    example = leaf.example
    assert tuple(example[: len(leaf.words)]) == leaf.words, (
        f"{leaf}: give it epilog='Example: keyhouse {leaf} …', not {leaf.command.epilog!r}"
    )


@every
def test_its_example_is_one_that_its_own_parser_takes(leaf: Leaf) -> None:
    line = leaf.example[len(leaf.words) :]
    with leaf.command.make_context(leaf.words[-1], line):
        pass


@every
def test_a_list_is_read_as_far_as_one_likes(leaf: Leaf) -> None:
    if "--limit" not in leaf.options:
        return
    asked = {"--all"} if str(leaf) in LOCAL_LISTS else {"--all", "--cursor"}
    assert asked <= leaf.options, (
        f"{leaf} has --limit: add `cursor: Cursor = None, everything: Everything = "
        "False` and show it by show_list(…), all of doors/cli/paging.py"
    )


@every
def test_a_line_that_cannot_be_read_ends_with_2(leaf: Leaf, run: Run) -> None:
    result = run(*leaf.words, "--no-such-option", "--json")
    assert (result.exit_code, result.stdout) == (failures.WRONG, "")
    assert json.loads(result.stderr)["exit_code"] == failures.WRONG


@pytest.mark.parametrize(
    "leaf", [leaf for leaf in LEAVES if str(leaf) not in NOT_RUN], ids=str
)
def test_it_ends_as_the_reference_says(
    leaf: Leaf,
    run: Run,
    server: Server,
    here: Installation,
    told: dict[str, Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Done, refused, not reachable: by exit code, and as one JSON document."""
    if leaf.words == ("people", "add"):
        here.owner = ""
    line = [*leaf.example, *([] if "--json" in leaf.example else ["--json"])]
    server.other = answering(told)
    done = run(*line, stdin=KEY_SECRET)
    assert done.exit_code == 0, f"{line}: {done.output} (files it reads belong into FILES)"
    found = json.loads(done.stdout)
    _demand_care(leaf, found, run, server)
    if not server.asked:
        return
    server.answers, server.other = {}, lambda _method, _path: (403, REFUSAL)
    again = [*line, *(["--force"] if "--force" in leaf.options else [])]
    _demand_failure(run(*again, stdin=KEY_SECRET), failures.REFUSED)
    nowhere = _unreachable()
    monkeypatch.setenv("KEYHOUSE_URL", nowhere)
    here.gateway_url = here.management_url = nowhere
    _demand_failure(run(*again, stdin=KEY_SECRET), failures.UNREACHABLE)


@pytest.mark.parametrize(
    "leaf", [leaf for leaf in LEAVES if str(leaf) not in NOT_RUN], ids=str
)
def test_an_id_of_two_dots_is_wrong_use_and_not_what_is_above_it(
    leaf: Leaf, run: Run, server: Server, told: dict[str, Any], folder: Path
) -> None:
    """`keyhouse apis headers delete weather ..` would delete the API."""
    server.other = answering(told)
    assert run(*leaf.example, stdin=KEY_SECRET).exit_code in (0, failures.WRONG)
    asked = {part for one in server.asked for part in urlsplit(one.path).path.split("/")}
    given = set(leaf.example[len(leaf.words) :])
    for word in sorted(asked & given):
        server.asked.clear()
        line = [".." if one == word else one for one in leaf.example]
        result = run(*line, *([] if "--json" in line else ["--json"]), stdin=KEY_SECRET)
        assert (result.exit_code, result.stdout) == (failures.WRONG, "")
        assert json.loads(result.stderr)["code"] == "wrong_use"
        assert server.asked == []


def _demand_failure(result: Any, code: int) -> None:
    assert (result.exit_code, result.stdout) == (code, "")
    failure = json.loads(result.stderr)
    assert failure["exit_code"] == code
    if code == failures.REFUSED:
        wanted = {**REFUSAL, "exit_code": 1, "status": 403, "notes": []}
        assert failure == wanted


def _demand_care(leaf: Leaf, found: Any, run: Run, server: Server) -> None:
    """A secret is told to a terminal, to a file, or because that was asked for."""
    if not isinstance(found, dict) or not {"secret", "secret_file"} & set(found):
        return
    if str(leaf) in MEANT_TO_SHOW:
        return
    wanted = {"--out", "--force"}
    assert wanted <= leaf.options, f"{leaf} yields a secret: see doors/cli/once.py"
    if "--show-secret" in leaf.options:
        asked = len(server.asked)
        bare = [word for word in leaf.example if word != "--json"]
        if "--out" in bare:
            place = bare.index("--out")
            del bare[place : place + 2]
        result = run(*bare)
        assert result.exit_code == failures.WRONG
        assert "--show-secret" in result.stderr
        assert len(server.asked) == asked, "nothing was made that nobody can see"


def test_people_are_told_in_words(run: Run) -> None:
    result = run("keys", "list", "--no-such-option")
    assert (result.exit_code, result.stdout) == (failures.WRONG, "")
    assert "Usage: " in result.stderr


def test_no_command_hides_another() -> None:
    """Of two with one name the later one is all that can be typed."""
    seen = Counter(registered())
    assert [words for words, count in seen.items() if count > 1] == []


def test_each_group_is_told_with_all_that_is_in_it() -> None:
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    for group in groups():
        start = f"| `keyhouse {group}` | "
        (row,) = [one for one in page.splitlines() if one.startswith(start)] or [""]
        for name in group.command.commands:
            alone = f"| `keyhouse {group} {name}" in page
            assert alone or name in row, f"docs/reference/command-line.md: {start}… {name}"


def test_the_exit_codes_are_those_of_the_reference() -> None:
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if "|" in line]
    given = {0, failures.REFUSED, failures.WRONG, failures.UNREACHABLE}
    assert sorted(int(cell) for cell in rows if cell.isdigit()) == sorted(given)


def test_a_shell_can_complete_what_is_typed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    shown = run("--show-completion", "bash")
    assert shown.exit_code == 0
    assert "_KEYHOUSE_COMPLETE" in shown.stdout or "complete" in shown.stdout

import asyncio
import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import pytest
import typer.main

from keyhouse.core.verdict import Verdict
from keyhouse.doors.cli.app import build_cli
from tests.repository.places import ROOT

if TYPE_CHECKING:
    from typer.core import TyperGroup

    from keyhouse.doors.cli.entries import Entries

REFERENCE = ROOT / "docs" / "reference"
DEFAULTS = tomllib.loads(
    files("keyhouse").joinpath("settings.default.toml").read_text("utf-8")
)
SETTINGS = {
    f"{section}.{name}": value
    for section, values in DEFAULTS.items()
    for name, value in values.items()
}


def _rows(page: str) -> list[list[str]]:
    lines = (REFERENCE / page).read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [[cell.strip("`") for cell in row] for row in cells]


@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.code)
def test_each_verdict_is_told_as_it_is_given(verdict: Verdict) -> None:
    assert [str(verdict.status), verdict.code, verdict.detail] in _rows("verdicts.md")


def test_no_verdict_is_told_that_does_not_exist() -> None:
    told = {row[1] for row in _rows("verdicts.md")[1:]}
    assert told == {verdict.code for verdict in Verdict}


@pytest.mark.parametrize(("name", "default"), SETTINGS.items(), ids=list(SETTINGS))
def test_each_setting_is_told_with_its_default(name: str, default: object) -> None:
    (told,) = [row[1] for row in _rows("settings.md") if row[0] == name]
    assert tomllib.loads(f"value = {told}")["value"] == default


def test_no_setting_is_told_that_does_not_exist() -> None:
    assert {row[0] for row in _rows("settings.md")[1:]} == set(SETTINGS)


def test_each_command_is_told_and_no_other() -> None:
    group = cast("TyperGroup", typer.main.get_command(build_cli(_no_entries())))
    told = [row for row in _rows("command-line.md") if row[0].startswith("keyhouse ")]
    assert {row[0].split()[1] for row in told} == set(group.commands)
    for name, command in group.commands.items():
        below = getattr(command, "commands", {})
        row, *_ = [row for row in told if row[0].split()[1] == name]
        if len(below) > 1:
            assert sorted(row[1].split()) == sorted(below)


def _no_entries() -> "Entries":
    """The commands are listed, none is run."""
    return cast("Entries", object())


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/how-to/protect-a-fastapi-app.md",
        "docs/how-to/protect-an-asgi-app.md",
        "docs/how-to/receive-webhooks.md",
    ],
)
def test_the_ten_lines_of_the_guard_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader copies first must work as it stands."""
    monkeypatch.delenv("KEYHOUSE_URL", raising=False)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    told: dict[str, object] = {"__name__": "told"}
    for block in blocks:
        exec(compile(block, page, "exec"), told)  # noqa: S102  (the page's own example)
    test = told.get("test_forecast")
    if callable(test):
        asyncio.run(test())
    assert "app" in told

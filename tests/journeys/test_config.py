"""`keyhouse config check`: what holds, and why."""

import json

import pytest

from .conftest import Machine


def _setting(machine: Machine, name: str, *line: str) -> dict[str, str]:
    result = machine.run("config", "check", "--json", *line)
    assert result.returncode == 0, result.stderr
    found: list[dict[str, str]] = json.loads(result.stdout)
    return next(row for row in found if row["name"] == name)


def test_each_source_wins_over_the_one_before(machine: Machine) -> None:
    (machine.folder / "keyhouse.toml").write_text('[log]\nlevel = "debug"\n')
    assert _setting(machine, "log.format")["source"] == "defaults"
    assert _setting(machine, "log.level")["source"] == "keyhouse.toml"
    assert _setting(machine, "gateway.listen")["source"] == "environment"
    flagged = _setting(machine, "gateway.listen", "--set", "gateway.listen=127.0.0.1:1")
    assert flagged == {
        "name": "gateway.listen",
        "value": "127.0.0.1:1",
        "source": "flags",
    }


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("postgresql://me:geheim@db/keyhouse", "postgresql://me:…@db/keyhouse"),
        (
            "postgresql://db:5432/keyhouse?password=ge@heim&user=me",
            "postgresql://db:5432/keyhouse?password=…&user=me",
        ),
    ],
)
def test_the_password_of_the_database_is_not_shown(
    machine: Machine, url: str, covered: str
) -> None:
    line = ("--set", f"data.database_url={url}")
    assert _setting(machine, "data.database_url", *line)["value"] == covered


def test_an_address_that_is_no_databases_is_wrong_use(machine: Machine) -> None:
    result = machine.run("config", "check", "--set", "data.database_url=mysql://db/a")
    assert result.returncode == 2
    assert "data.database_url (from flags)" in result.stderr


def test_an_unknown_setting_is_named_with_its_source(machine: Machine) -> None:
    result = machine.run("config", "check", "--set", "gateway.colour=blue")
    assert result.returncode == 2
    assert "gateway.colour (from flags)" in result.stderr

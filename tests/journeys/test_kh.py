"""A caller's day with `kh`: log in, get a key, put it to use, leak it, replace it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Machine

FETCH = """
import os, sys, urllib.error, urllib.request
headers = {"X-API-Key": os.environ["WEATHER_KEY"]}
asked = urllib.request.Request(sys.argv[1], headers=headers)
try:
    print(urllib.request.urlopen(asked, timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


class Caller:
    """Somebody with a folder of their own, who types `kh` there."""

    def __init__(self, machine: Machine, home: Path) -> None:
        self.machine = machine
        self.home = home
        self.project = home / "project"
        self.project.mkdir(parents=True)

    def kh(
        self, *line: str, typed: str = "", code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ
        }
        ran = subprocess.run(
            [sys.executable, "-m", "keyhouse_client.command", *line],
            cwd=self.project,
            env=kept | {"HOME": str(self.home), "KEYHOUSE_STORE": "file"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    def git(self, *line: str) -> None:
        subprocess.run(["git", *line], cwd=self.project, check=True, capture_output=True)

    def call(self) -> str:
        """The status of a call by a program that knows its key from the environment."""
        url = f"http://{self.machine.gateway}/weather/x"
        return self.kh("run", "--", sys.executable, "-c", FETCH, url).stdout.strip()

    def stored(self, name: str) -> str:
        return self.kh("store", "get", name).stdout.strip()


@pytest.fixture
def caller(machine: Machine, upstream: str, tmp_path: Path) -> Caller:
    """Logged in at a Keyhouse with an API."""
    machine.run("bootstrap")
    machine.serve()
    machine.run("apis", "create", "weather", "--upstream", f"test={upstream}")
    kept = json.loads((machine.data / "cli.json").read_text())
    found = Caller(machine, tmp_path / "home")
    found.kh("login", kept["management_url"], typed=kept["api_key"])
    return found


def test_a_key_is_got_used_and_replaced_and_never_seen(caller: Caller) -> None:
    made = caller.kh("keys", "create", "planner", "--api", "weather", "--store", "planner")
    key_id = made.stderr.split()[0]
    caller.kh("env", "set", "WEATHER_KEY", "planner")
    assert caller.call() == "200"
    first = caller.stored("planner")
    replaced = caller.kh("rotate", key_id, "--overlap", "0", "--store", "planner")
    assert caller.call() == "200"
    second = caller.stored("planner")
    assert first != second
    for secret in (first, second):
        assert secret not in made.stdout + made.stderr + replaced.stdout + replaced.stderr
        assert secret not in (caller.project / ".env").read_text()
    caller.kh("logout")
    caller.kh("keys", "list", code=2)
    assert caller.call() == "200"


def test_a_key_in_a_commit_is_found_told_of_and_made_worthless(caller: Caller) -> None:
    made = caller.kh("keys", "create", "planner", "--api", "weather", "--store", "planner")
    key_id = made.stderr.split()[0]
    caller.kh("env", "set", "WEATHER_KEY", "planner")
    secret = caller.stored("planner")
    caller.git("init", "-q")
    (caller.project / "app.py").write_text(f'KEY = "{secret}"\n')
    caller.git("add", ".")
    assert "app.py:1:8: server key" in caller.kh("scan", "--staged", code=1).stdout
    told = caller.kh("scan", "--look-up", code=1).stdout
    assert f"{key_id} planner, active" in told
    assert secret not in told
    caller.kh("scan", "--revoke", "--yes", code=1)
    assert caller.call() == "401"
    assert f"{key_id} planner, " in caller.kh("scan", "--look-up", code=1).stdout

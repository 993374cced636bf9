"""The whole story, as `make run ONCE=1` plays it."""

import fcntl
import json
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Machine

_WANTED = {200, 201, 400, 401, 403, 429}


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """One demo at a time on this machine: each takes the default ports if free."""
    with (Path(tempfile.gettempdir()) / "keyhouse-demo-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_every_step_of_the_story_has_its_status(machine: Machine) -> None:
    played = machine.run("demo", "--once", "--json")
    assert played.stdout, played.stderr
    steps = json.loads(played.stdout)
    assert [step for step in steps if not step["ok"]] == []
    assert all(step["status"] == step["expected"] for step in steps)
    assert {step["status"] for step in steps} == _WANTED
    assert played.returncode == 0


def test_it_stays_up_for_the_line_to_try_and_leaves_nothing_behind(
    machine: Machine,
) -> None:
    demo = machine.start("demo")
    assert demo.stdout is not None
    told = []
    for line in demo.stdout:
        told.append(line)
        if line.startswith("curl "):
            break
    command = [*shlex.split(told[-1]), "--silent", "--fail-with-body"]
    called = subprocess.run(command, capture_output=True, text=True, check=False)
    assert called.returncode == 0, "".join(told)
    assert json.loads(called.stdout)["title"]
    data = next(line.split()[1] for line in told if line.startswith("  data "))
    assert Path(data).is_dir()
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0
    assert not Path(data).exists()

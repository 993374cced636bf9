"""`keyhouse worker`: what happens on its own, in a process of its own."""

import json
import signal
import sqlite3
from contextlib import closing, suppress

import httpx

from .conftest import Machine, until


def test_a_worker_alone_tells_that_it_runs_and_ends_on_sigterm(machine: Machine) -> None:
    """In a container of its own nothing else says that it is there."""
    process = machine.start("worker", "--json")
    assert until(lambda: {"upkeep", "webhooks"} <= _claimed(machine))
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 0, told
    assert json.loads(told) == {"worker": {"pid": process.pid}}


def test_a_management_api_without_a_worker_leaves_the_tasks(machine: Machine) -> None:
    process = machine.start("management", "--no-worker", "--json")
    assert until(lambda: _ready(machine))
    assert _claimed(machine) == set()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def _claimed(machine: Machine) -> set[str]:
    """The tasks that a worker has taken up."""
    with suppress(sqlite3.OperationalError):  # the tables are not there yet
        path = f"file:{machine.data / 'keyhouse.db'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as opened:
            return {name for (name,) in opened.execute("SELECT id FROM job")}
    return set()


def _ready(machine: Machine) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://{machine.management}/ready").is_success
    return False

"""The whole story, as `make run ONCE=1` plays it."""

import json

from .conftest import Machine

_WANTED = {200, 201, 400, 401, 403, 429}


def test_every_step_of_the_story_has_its_status(machine: Machine) -> None:
    played = machine.run("demo", "--once", "--json")
    assert played.stdout, played.stderr
    steps = json.loads(played.stdout)
    assert [step for step in steps if not step["ok"]] == []
    assert all(step["status"] == step["expected"] for step in steps)
    assert {step["status"] for step in steps} == _WANTED
    assert played.returncode == 0

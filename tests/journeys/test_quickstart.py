"""`keyhouse quickstart`: a stranger's first protected call."""

import shlex
import signal
import subprocess

from .conftest import Machine


def _curl_line(quickstart: subprocess.Popen[str]) -> tuple[str, list[str]]:
    """The printed curl line, and all lines before it."""
    assert quickstart.stdout is not None
    before: list[str] = []
    for line in quickstart.stdout:
        if line.startswith("curl "):
            return line, before
        before.append(line)
    raise AssertionError("".join(before))


def _played(machine: Machine, upstream: str) -> tuple[str, list[str]]:
    """One quickstart from start to Ctrl-C: what its curl line answers."""
    quickstart = machine.start("quickstart", "--upstream", upstream)
    line, before = _curl_line(quickstart)
    called = subprocess.run(
        [*shlex.split(line), "--silent", "--fail-with-body"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 0, called.stdout
    quickstart.send_signal(signal.SIGINT)
    assert quickstart.wait(30) == 0
    return called.stdout, before


def test_the_printed_line_works_also_the_second_time(
    machine: Machine, upstream: str
) -> None:
    answer, first = _played(machine, upstream)
    assert answer == "/"
    assert not [line for line in first if "exists" in line]
    answer, second = _played(machine, upstream)
    assert answer == "/"
    assert len([line for line in second if "exists" in line]) == 4

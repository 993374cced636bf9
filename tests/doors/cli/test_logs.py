"""The log of a process that serves: whole where it is read, in nobody's way where not."""

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 9_000
SAYS = """
import logging, sys
from keyhouse.doors.cli.logs import configure
configure("info", "json")
log = logging.getLogger("keyhouse.test")
for number in range(int(sys.argv[1])):
    log.info("line %d, which is as long as lines are", number)
print("served", flush=True)
sys.stdin.readline()
log.info("the last")
"""


@contextmanager
def said(lines: int) -> "Iterator[subprocess.Popen[str]]":
    """A process that has told so many lines, and tells one more after one on its stdin."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", SAYS, str(lines)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as told:
        try:
            assert told.stdout is not None
            assert told.stdout.readline() == "served\n"
            yield told
        finally:
            told.kill()


def test_all_that_is_told_is_read_in_its_order() -> None:
    with said(100) as told:
        _, log = told.communicate("\n", timeout=30)
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert [int(event.split()[1][:-1]) for event in events[:-1]] == list(range(100))
    assert events[-1] == "the last"


def test_a_log_that_nobody_reads_stops_nobody() -> None:
    """A pipe takes 64 KiB: whoever wrote to it then would stand still."""
    events = []
    with said(LINES) as told:
        assert told.stderr is not None
        for line in told.stderr:
            events.append(json.loads(line)["event"])
            dropped = re.match(r"(\d+) lines of the log were dropped", events[-1])
            if dropped is not None:
                break
        _, log = told.communicate("\n", timeout=30)
    assert dropped is not None
    assert int(dropped[1]) > LINES // 10
    assert len(events) - 1 + int(dropped[1]) == LINES
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["the last"]


def test_a_log_whose_reader_has_gone_stops_nobody() -> None:
    with said(LINES) as told:
        assert told.stdin is not None
        assert told.stderr is not None
        told.stderr.close()
        told.stdin.write("\n")
        told.stdin.close()
        assert told.wait(30) == 0

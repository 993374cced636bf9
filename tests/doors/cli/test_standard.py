import subprocess
import sys

import pytest

_PROGRAM = """
import os, sys
from keyhouse.doors.cli.standard import complete
complete()
print("said")
print("logged", file=sys.stderr)
sys.stdout.flush()
assert sys.stdin.read() == ""
assert os.open("/dev/null", os.O_RDONLY) > 2
"""


@pytest.mark.parametrize(
    ("closed", "said"),
    [("", "said\nlogged\n"), ("2>&-", "said\n"), (">&-", "logged\n"), ("<&- >&- 2>&-", "")],
)
def test_what_is_closed_is_nobody_to_talk_to_and_no_ones_number(
    closed: str, said: str
) -> None:
    """Else the database's file would be number 2, and get the log."""
    result = subprocess.run(
        [
            "sh",
            "-c",
            f'exec 2>&1; exec "$@" {closed}',
            "sh",
            sys.executable,
            "-c",
            _PROGRAM,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert result.stdout == said

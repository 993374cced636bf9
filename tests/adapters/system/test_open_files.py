"""A gateway holds as many connections as it is told to, not as many as a shell allows."""

import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from keyhouse.adapters.system import allow_open_files


@pytest.fixture
def hard() -> Iterator[int]:
    """The hard limit; the soft one is low meanwhile, as in many a shell."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_to_what_is_wanted(hard: int) -> None:
    assert allow_open_files(1500) == 1500
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1500, hard)


def test_it_is_never_lowered(hard: int) -> None:
    assert allow_open_files(10) == 1024
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1024, hard)


def test_the_hard_limit_is_the_end_of_it() -> None:
    """In a process of its own: nobody may raise a hard limit again."""
    told = (
        "import resource; from keyhouse.adapters.system import allow_open_files;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (512, 700));"
        "print(allow_open_files(900))"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True)
    assert ran.stdout == b"700\n"

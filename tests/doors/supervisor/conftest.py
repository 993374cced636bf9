import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]
_PARENT = str(Path(__file__).with_name("parent.py"))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(port: int) -> Iterator[Start]:
    """Starts the supervisor of a small server; ends it after the test."""
    started: list[subprocess.Popen[str]] = []

    def run(
        *options: str, grace: float = 10, session: bool = False
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, _PARENT, str(port), str(grace), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=session,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()

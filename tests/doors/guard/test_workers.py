"""Several processes on one data folder."""

import os
import subprocess
import sys

from keyhouse.core.entities import Limit, LimitKind, Window
from tests.doors.guard.installation import Installation

SPENDER = [sys.executable, "-m", "tests.doors.guard.spender"]


def test_workers_share_a_quota_exactly(installation: Installation) -> None:
    """Three workers on a quota of 200 serve 200: none more, and none lost."""
    quota = Limit(name="monthly", kind=LimitKind.QUOTA, amount=200, window=Window.MONTH)
    secret = installation.add_key("*", limits=(quota,))
    environ = {**os.environ, **installation.environ}
    workers = [
        subprocess.Popen(
            SPENDER,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(secret.reveal() + "\n")
        worker.stdin.flush()
    told = [worker.communicate(timeout=60)[0] for worker in workers]
    late = subprocess.run(
        SPENDER,
        env=environ,
        input=secret.reveal() + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert all(worker.returncode == 0 for worker in workers)
    assert sum(int(text) for text in told) + int(late) == 200

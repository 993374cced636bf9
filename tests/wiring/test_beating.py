"""A process shows that it moves before it serves."""

import os
import select
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from keyhouse import settings, wiring
from keyhouse.doors.supervisor.pulse import Pulse
from keyhouse.doors.supervisor.sockets import Listener, bind


def _beats(pulse: Pulse, times: int, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while pulse.count < times and time.monotonic() < end:
        time.sleep(0.02)
    return pulse.count >= times


def test_a_gateway_that_waits_for_the_database_at_its_start_shows_that_it_moves(
    tmp_path: Path,
) -> None:
    """To book what was left behind may take long, and is no reason to be killed."""
    chosen = settings.load({"data.dir": str(tmp_path)}, {})
    wiring.prepare(chosen)
    pulse, (told, told_to) = Pulse(), os.pipe()
    file = tmp_path / "keyhouse.db"
    with (
        bind(Listener("gateway", "gateway.listen", "127.0.0.1", 0)) as bound,
        closing(sqlite3.connect(file, isolation_level=None)) as writer,
        os.fdopen(told, "rb") as hears,
    ):
        writer.execute("BEGIN IMMEDIATE")
        fds = {"--listen-fd": bound.fileno(), "--ready-fd": told_to, "--beat-fd": pulse.fd}
        options = [text for name, fd in fds.items() for text in (name, str(fd))]
        process = subprocess.Popen(
            [sys.executable, "-m", "keyhouse", "gateway", *options],
            env=os.environ | {"KEYHOUSE_DATA__DIR": str(tmp_path)},
            pass_fds=tuple(fds.values()),
        )
        os.close(told_to)
        try:
            assert _beats(pulse, 2)
            assert not select.select([hears], [], [], 0)[0], "it is not ready yet"
            writer.execute("ROLLBACK")
            assert hears.readline() == b"ready\n"
        finally:
            process.terminate()
            process.wait(30)
            pulse.close()

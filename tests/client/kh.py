"""The command `kh` as a process of its own, with pipes or at a terminal."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from keyhouse_client.keeping.store import Store

KEYHOUSE_SECRET = "kh_sk_live_" + "Ab1" * 10 + "33RMOS"
OTHER_KEYHOUSE_SECRET = "kh_sk_test_" + "Zy9" * 10 + "4HDE6R"
_AT_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from keyhouse_client.command import main
sys.exit(main(sys.argv[1:]))
"""


def kh(
    *words: str,
    given: str = "",
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it with pipes: `given` is its standard input."""
    return subprocess.run(
        line(*words),
        input=given,
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def in_shell(how: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it by a shell that sets up more: `how` has its redirections."""
    command = ["sh", "-c", f'exec "$@" {how}', "sh", *line(*words)]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def keep(name: str, secret: str) -> None:
    """Have it in the store that the processes of this test use."""
    Store.of_user().set(name, secret)


def stored(name: str) -> str | None:
    return Store.of_user().find(name)


def line(*words: str) -> list[str]:
    return [sys.executable, "-m", "keyhouse_client.command", *words]


class Seen(NamedTuple):
    exit_code: int
    shown: str


def kh_at_terminal(*words: str, prompt: str = "", typed: str = "") -> Seen:
    """Run it at a terminal, where `typed` is typed as soon as `prompt` is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _AT_TERMINAL, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while part := _read(ours):
        shown += part
        if prompt and prompt.encode() in shown:
            os.write(ours, f"{typed}\n".encode())
            prompt = ""
    os.close(ours)
    return Seen(process.wait(), shown.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # So Linux tells that nobody has the other end any more.
        return b""

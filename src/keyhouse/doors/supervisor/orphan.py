"""A process whose parent is gone, and that hangs: it must not keep its socket."""

import os
import select
import signal
import threading
import time
from typing import Final

GRACE_SECONDS: Final = 30.0
"""As long as a parent that ends in peace waits for its processes."""


def end_after_parent(grace_seconds: float = GRACE_SECONDS) -> None:
    """Have this process killed so long after its parent has ended, however that did.

    By then it has ended by itself if its event loop turns: the kernel sent it
    SIGTERM (`tether`). A thread waits, so that a loop that is held up does not
    matter. One that is stopped has no thread that runs: the kernel wakes such a
    one when the last who could do so is gone (POSIX: an orphaned process group
    with stopped members gets SIGHUP and SIGCONT).
    """
    try:
        parent = os.pidfd_open(os.getppid())
    except OSError:  # an old kernel, or a sandbox that forbids it: then nobody waits
        return
    threading.Thread(
        target=_wait, args=(parent, grace_seconds), name="orphan", daemon=True
    ).start()


def _wait(parent: int, grace_seconds: float) -> None:
    ended = select.poll()
    ended.register(parent, select.POLLIN)
    ended.poll()
    time.sleep(grace_seconds)
    # Nothing is logged: who hangs may hold the log's lock.
    os.kill(os.getpid(), signal.SIGKILL)

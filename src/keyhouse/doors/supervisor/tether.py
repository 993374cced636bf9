"""A process that ends when the one that started it ends, however that ends.

The kernel is asked (prctl PR_SET_PDEATHSIG) and then the command takes the
place of this one, so the process id stays. Run as a program:
`tether.py PARENT_PID COMMAND …`. It imports nothing of Keyhouse: it starts in
some ten milliseconds.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str]) -> list[str]:
    """`command`, so written that it gets SIGTERM when the calling thread's

    process dies. To be started by the main thread: the kernel watches the
    thread that forks.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(arguments: Sequence[str]) -> None:
    """Tie this process to its parent and become the command."""
    parent, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != int(parent):  # it died before the kernel was asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  (the very purpose)


if __name__ == "__main__":
    main(sys.argv[1:])

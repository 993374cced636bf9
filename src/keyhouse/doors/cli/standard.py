"""Standard input, output and error, of which whoever started us may have closed some."""

import os
import sys
from typing import Final

_NAMES: Final = ("stdin", "stdout", "stderr")


def complete() -> None:
    """Have /dev/null in the place of each that is closed (`2>&-`).

    Else the next file or socket that is opened would take its number, and get what
    is printed, or be inherited by a child as its log; and there would be no
    `sys.stderr` to write to. Whoever closes one wants to hear nothing: that is no
    reason not to start. To be called before anything is opened.
    """
    for number, name in enumerate(_NAMES):
        if _is_closed(number):
            # The lowest free number: those below are open by now.
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(
                sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False)
            )


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False

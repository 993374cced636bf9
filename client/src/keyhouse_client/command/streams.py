"""The standard streams: each is there, and shows any text."""

import codecs
import io
import json
import os
import sys
from contextlib import suppress
from typing import Final

_ESCAPED: Final = "keyhouse-escaped"


def prepare_streams() -> None:
    """Have all three, and text that an encoding lacks told in escapes.

    One that was closed has nothing in it, or takes nothing: who writes to standard
    output then is told so by an OSError.
    """
    if sys.stdin is None:
        sys.stdin = _nothing(os.O_RDONLY, "r")
    if sys.stdout is None:
        # Opened for reading alone, it can't be written to.
        sys.stdout = _nothing(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _nothing(os.O_WRONLY, "w")
    codecs.register_error(_ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPED)


def _nothing(flags: int, mode: str) -> io.TextIOWrapper:
    file = io.FileIO(os.open(os.devnull, flags), mode)
    buffer = io.BufferedWriter(file) if mode == "w" else io.BufferedReader(file)
    return io.TextIOWrapper(buffer, encoding="utf-8")


def shows(text: str) -> bool:
    """Whether standard output takes a text as it is."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def say(text: str) -> None:
    """Tell it on standard error, if that takes it: what was done is done."""
    with suppress(OSError):
        print(text, file=sys.stderr)


def give_up_output() -> None:
    """Have nothing written any more: the interpreter flushes once more at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escaped(error: UnicodeError) -> tuple[str, int]:
    # As in JSON, so that what is JSON stays so.
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end

"""Heads that are alike: the one before, but for values that nobody here reads.

Callers that trace or number their requests send the same headers each time, but
for the value of one or two that only go on to the upstream. Such a head means
what the one before it meant.
"""

import re
from collections.abc import Sequence
from typing import Final

from keyhouse.doors.gateway.head import CRLF, REQUEST_RULES

_is_plain: Final = re.compile(rb"[!-~](?:[ -~]*[!-~])?").fullmatch
"""A value that every reader takes whole and for the same; the parser judges others."""


class Block:
    """The header lines of a head, as they came, and where each stands in `sent`:

    the headers that go on, three pieces each behind the first, which is another's.
    """

    __slots__ = ("_free", "_lines", "_varies")

    def __init__(self, block: bytes, sent: Sequence[bytes]) -> None:
        self._lines = block.split(CRLF)
        self._free = _free(self._lines, sent)
        self._varies: list[tuple[int, bytes, int]] = []

    def changes(self, block: bytes) -> list[tuple[int, bytes]] | None:
        """What to put where in `sent` so that it is that of `block`, which is then

        the one known. None, and nothing is known any more, if it may mean something
        else.
        """
        lines, known = block.split(CRLF), self._lines
        if len(lines) != len(known):
            return None
        changes: list[tuple[int, bytes]] = []
        # Mostly the same lines vary: all others are then compared at once.
        for place in self._varies:
            if not _change(lines, known, place, changes):
                return None
        if lines != known and not self._vary_more(lines, changes):
            return None
        return changes

    def _vary_more(self, lines: list[bytes], changes: list[tuple[int, bytes]]) -> bool:
        """Lines vary that never did: whether they may."""
        known = self._lines
        for at, (name, place) in enumerate(self._free):
            if lines[at] != known[at]:
                self._varies.append((at, name, place))
                if not name or not _change(lines, known, self._varies[-1], changes):
                    return False
        return True


def _change(
    lines: list[bytes],
    known: list[bytes],
    varies: tuple[int, bytes, int],
    changes: list[tuple[int, bytes]],
) -> bool:
    """Take on the line at one place, if it is another; False if it must not be."""
    at, name, place = varies
    line = lines[at]
    if line != known[at]:
        start = len(name)
        if not line.startswith(name) or not _is_plain(line, start):
            return False
        known[at] = line
        changes.append((place, line[start:]))
    return True


def _free(lines: Sequence[bytes], sent: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Of each line how it begins and the place of its value; (b"", 0) where it must

    stay as it is: it has a meaning, or it is not sure what became of it.
    """
    free: list[tuple[bytes, int]] = []
    place = 1
    for line in lines:
        name, _, value = line.partition(b": ")
        goes_on = sent[place : place + 2] == [name + b": ", value]
        passed = REQUEST_RULES.get(name).__class__ is bytes
        free.append((name + b": ", place + 1) if goes_on and passed else (b"", 0))
        place += 3 * goes_on
    return free

"""Where in a text secrets stand, however long the text is."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from keyhouse_client.scanning.shape import LENGTH_MAX, LeakedSecret, Match, matches

MARK: Final = b"keyhouse:allow"
"""A line that says so, in a comment, was looked at by a person."""
NEAR_BYTES: Final = 1024
"""How far from a secret the mark may stand on its line.

A bundle is one line of megabytes: one comment in it is not to allow them all.
"""
_AHEAD: Final = NEAR_BYTES + LENGTH_MAX
_NEWLINES: Final = {BOM_UTF16_LE: b"\n\0", BOM_UTF16_BE: b"\0\n"}
_CONTINUATIONS: Final = bytes(range(0x80, 0xC0))
"""The bytes of UTF-8 that begin no character."""
_HIGH_BYTE: Final = {BOM_UTF16_LE: 1, BOM_UTF16_BE: 0}
_SECOND_HALVES: Final = bytes(range(0xDC, 0xE0))
"""The high bytes of 16-bit units that begin no character."""


class Spot(NamedTuple):
    """A secret and where its prefix begins; line and column count from 1."""

    secret: LeakedSecret
    line: int
    column: int


def spots(chunks: Iterable[bytes]) -> Iterator[Spot]:
    """All secrets in a text that comes in pieces, but those on a line with MARK.

    Columns are characters of UTF-8, or of UTF-16 where the text begins with its mark.
    No more than two pieces are held at a time.
    """
    window = _Window()
    for chunk in chunks:
        yield from window.take(chunk)
    yield from window.take(b"", last=True)


class _Window:
    """The piece of a text that is looked at, and what of its surroundings is needed."""

    def __init__(self) -> None:
        self._held = b""
        self._begin = 0
        """All before it was looked at."""
        self._counted = 0
        """All before it was counted by the place."""
        self._place: _Place | None = None

    def take(self, chunk: bytes, *, last: bool = False) -> Iterator[Spot]:
        """What can be told for certain now; at a piece's end more must be seen first."""
        self._held += chunk
        end = len(self._held) - (0 if last else _AHEAD)
        if end <= self._begin:
            return
        place = self._place = self._place or _Place(self._held)
        for match in matches(self._held, self._begin, end):
            self._count_to(match.start, place)
            if not self._is_allowed(match):
                column = place.column(wide=match.wide) - len(match.secret.prefix)
                yield Spot(match.secret, place.line, column)
        self._slide_to(end, place)

    def _count_to(self, where: int, place: "_Place") -> None:
        place.move_over(self._held[self._counted : where])
        self._counted = where

    def _is_allowed(self, match: Match) -> bool:
        before = self._held[max(0, match.start - NEAR_BYTES) : match.start]
        behind = self._held[match.end : match.end + NEAR_BYTES]
        line = before.rpartition(b"\n")[2] + b" " + behind.partition(b"\n")[0]
        return MARK in (line.replace(b"\0", b"") if match.wide else line)

    def _slide_to(self, end: int, place: "_Place") -> None:
        # Even, so that no line break of two bytes is cut in two.
        cut = max(0, end - NEAR_BYTES) & ~1
        if cut > self._counted:
            self._count_to(cut, place)
        self._held = self._held[cut:]
        self._counted -= cut
        self._begin = end - cut


class _Place:
    """Line and column of how far a text was counted."""

    def __init__(self, start: bytes) -> None:
        self.line = 1
        self._newline = _NEWLINES.get(start[:2], b"\n")
        self._high_byte = _HIGH_BYTE.get(start[:2])
        # Editors do not count the mark that tells the order of bytes.
        self._unit_marks = int(start[:2] in _NEWLINES)
        self._characters = -1 if start.startswith(BOM_UTF8) else 0
        self._bytes = 0
        self._second_halves = 0
        self._passed = 0

    def move_over(self, passed: bytes) -> None:
        self._passed += len(passed)
        lines = passed.count(self._newline)
        if lines:
            self.line += lines
            self._characters = self._bytes = self._second_halves = self._unit_marks = 0
            passed = passed[passed.rindex(self._newline) + len(self._newline) :]
        self._characters += len(passed.translate(None, _CONTINUATIONS))
        self._bytes += len(passed)
        if self._high_byte is not None:
            begin = self._passed - len(passed)
            high = passed[(self._high_byte + begin) % 2 :: 2]
            self._second_halves += len(high) - len(high.translate(None, _SECOND_HALVES))

    def column(self, *, wide: bool) -> int:
        if not wide:
            return 1 + self._characters
        return 1 + self._bytes // 2 - self._unit_marks - self._second_halves

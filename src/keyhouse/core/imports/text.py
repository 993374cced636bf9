"""What both forms of file are read into."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

ROW_CHARS_MAX: Final = 65_536
"""A quote that is never closed ends here, and not with the file."""


class Unreadable(Exception):
    """The text cannot be read from this line on; `mend` says what to do."""

    def __init__(self, line: int, reason: str, mend: str) -> None:
        super().__init__(f"line {line} {reason}: {mend}")
        self.line = line
        self.reason = reason
        self.mend = mend


class Record(NamedTuple):
    """A row, from which line on it stands, and its text.

    `raw` is all behind the row before: it `begins` on that line, with empty
    lines if there are any, and `lines` is how many it has. `cells` are of CSV,
    `values` of JSON.
    """

    line: int
    begins: int
    lines: int
    raw: str
    cells: list[str]
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Record(line={self.line})"

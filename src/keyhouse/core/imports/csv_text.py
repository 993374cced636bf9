"""CSV (RFC 4180), a record at a time, with the text that each was read from."""

import csv
from collections.abc import Iterable, Iterator

from keyhouse.core.imports.text import ROW_CHARS_MAX, Record, Unreadable


def csv_records(lines: Iterable[str]) -> Iterator[Record]:
    """The records of lines with their line ends; empty lines are passed over.

    Raises Unreadable.
    """
    tape = _Tape(lines)
    reader = csv.reader(tape, strict=True)
    while True:
        line = tape.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mend = "write it as RFC 4180 has it, quotes in a cell doubled"
            raise Unreadable(line, f"is no CSV ({error})", mend) from None
        if any(cell.strip() for cell in cells):
            begins, lines_read, raw = tape.cut()
            yield Record(line, begins, lines_read, raw, cells, {})


class _Tape:
    """Lines, of which it is remembered what was taken since the last cut."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._taken: list[str] = []
        self._size = 0
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.count += 1
        self._taken.append(line)
        self._size += len(line)
        if self._size > ROW_CHARS_MAX:
            begins = self.count - len(self._taken) + 1
            reason = f"begins a row of more than {ROW_CHARS_MAX} characters"
            raise Unreadable(begins, reason, "look for a quote that is not closed")
        return line

    def cut(self) -> tuple[int, int, str]:
        """On which line begins what was taken, how many lines it has, and its text."""
        taken, self._taken, self._size = self._taken, [], 0
        return self.count - len(taken) + 1, len(taken), _ended("".join(taken))


def _ended(text: str) -> str:
    """A file's last line may lack its end; what comes behind it must not join it."""
    return text if text.endswith(("\n", "\r")) else text + "\n"


def aws_cells(cells: list[str]) -> list[str]:
    """Cells of which one may be a list in single quotes, as AWS takes it."""
    starts = [place for place, cell in enumerate(cells) if cell.startswith("'")]
    if not starts:
        return cells
    start = starts[0]
    for end in range(start, len(cells)):
        if cells[end].endswith("'") and (end > start or len(cells[end]) > 1):
            joined = ",".join(cells[start : end + 1])[1:-1]
            return [*cells[:start], joined, *cells[end + 1 :]]
    return cells

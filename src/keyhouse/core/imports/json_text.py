"""JSON objects, a line each or in one array, one at a time."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from keyhouse.core.imports.text import ROW_CHARS_MAX, Record, Unreadable

_BETWEEN: Final = " \t\r\n,[]"
_MEND: Final = "write objects in one array, or one object a line"


def json_records(chunks: Iterable[str]) -> Iterator[Record]:
    """The objects of a text that comes in chunks. Raises Unreadable.

    What stands between objects belongs to the one behind it, so that any of
    them one after the other are such a text again.
    """
    reader = _Reader(chunks)
    while (record := reader.take()) is not None:
        yield record


class _Reader:
    """Holds the text that was not taken yet: no more than a row and a chunk."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self._text = ""
        self._start = self._at = 0
        self._line = 1
        self._decoder = json.JSONDecoder(parse_constant=_refuse)

    def take(self) -> Record | None:
        """The next object, None at the end."""
        begins = self._line
        if not self._go_to_object():
            return None
        line = begins + self._text.count("\n", self._start, self._at)
        value, end = self._object(line)
        raw = self._text[self._start : end]
        self._line = begins + raw.count("\n")
        self._start = self._at = end
        return Record(line, begins, self._line - begins, raw, [], value)

    def _go_to_object(self) -> bool:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BETWEEN:
                self._at += 1
            if self._at < len(self._text):
                return True
            if self._at - self._start > ROW_CHARS_MAX:
                reason = f"begins {ROW_CHARS_MAX} characters of nothing"
                raise Unreadable(self._line, reason, "leave them out")
            if not self._more():
                return False

    def _object(self, line: int) -> tuple[dict[str, Any], int]:
        if self._text[self._at] != "{":
            raise Unreadable(line, "holds something that is no object", _MEND)
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise Unreadable(line, "is nested too deep", "flatten it") from None
            except ValueError as error:
                if len(self._text) - self._at > ROW_CHARS_MAX or not self._more():
                    raise Unreadable(line, f"is no JSON ({_words(error)})", _MEND) from None
            else:
                if end - self._at > ROW_CHARS_MAX:
                    reason = f"holds a row of more than {ROW_CHARS_MAX} characters"
                    raise Unreadable(line, reason, "keep less in it")
                return value, end

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._text = self._text[self._start :] + chunk
        self._at -= self._start
        self._start = 0
        return True


def _words(error: ValueError) -> str:
    """Why, without the text that it stands in."""
    return error.msg if isinstance(error, json.JSONDecodeError) else "NaN is no number"


def _refuse(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")

"""How far a long scan is, for those who sit before it."""

import sys
from typing import Final

_EACH: Final = 500
_CLEAR_LINE: Final = "\r\x1b[K"


class Progress:
    """A line on the terminal that is written over; silent where standard error is none."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()

    def tell(self, objects: int) -> None:
        """So many were looked at."""
        if self._shows and objects % _EACH == 0:
            sys.stderr.write(f"{_CLEAR_LINE}kh: {objects} objects of git looked at")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave a clean line."""
        if self._shows:
            sys.stderr.write(_CLEAR_LINE)

"""Cursors: where the next page begins, as a text that callers only hand back."""

import base64
import binascii
import re
from typing import Final

_VERSION: Final = "1:"
_PLACE: Final = re.compile(r"1:[!-~]{1,200}", re.ASCII)


def write_cursor(last: str) -> str:
    """The cursor behind the row whose id is `last`."""
    raw = f"{_VERSION}{last}".encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_cursor(cursor: str) -> str:
    """The id that a cursor stands behind. Raises ValueError for any other text."""
    try:
        raw = base64.b64decode(
            cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True
        )
        place = raw.decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise ValueError("the cursor is not one of ours") from error
    if not _PLACE.fullmatch(place) or write_cursor(place[2:]) != cursor:
        raise ValueError("the cursor is not one of ours")
    return place[2:]

"""Durations as they are written on the line: `1d`, `12h`, `30m`, `45s`, `0`."""

import re
from typing import Final

from keyhouse.doors.cli.entries import WrongUse

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION: Final = re.compile(r"(\d{1,9})([smhdw])")


def seconds(option: str, text: str) -> int:
    """The seconds of a duration. Raises WrongUse for what can't be read."""
    match = _DURATION.fullmatch(text.strip())
    if match is not None:
        return int(match[1]) * _SECONDS[match[2]]
    if text.strip() == "0":
        return 0
    raise WrongUse(f"{option} {text}: write a number and s, m, h, d or w, as 1d; or 0")

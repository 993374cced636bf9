"""What the profile shows where a row falls short, written by hand.

RESULTS.md prints a note only beneath a row that does not hold, so one may
stay here when its row holds again.
"""

from collections.abc import Mapping
from typing import Final

from bench import goals

NOTES: Final[Mapping[str, str]] = {
    goals.UNDER_CADDY: (
        "Caddy's own: its second exchange for each request costs it more than the first. "
        "The row with a server that answers without checking anything tells what is "
        "left of the bare rate before Keyhouse has done a thing."
    ),
}

"""Paths as they may be written down: whoever misplaces a key may put it there.

What counts is the form and not the credential that was chosen: a key that stands in
the path and nowhere else is as good for whoever reads the log.
"""

import re
from typing import Final

from keyhouse.core.paths import resolved
from keyhouse.core.secret import SHAPE
from keyhouse.core.user_tokens import PREFIX

LENGTH_MIN: Final = 42
"""No secret and no token is shorter, and most paths are."""
CUT_OUT: Final = "…"
"""What stands in the place of what was cut out."""

_TOKEN: Final = PREFIX.decode("ascii")
_FOUND: Final = re.compile(rf"{SHAPE}|{_TOKEN}[\w.-]*", re.ASCII)


def redacted(path: str) -> str:
    """`path` without all that has the form of a secret of ours or of a user's token,

    in whatever spelling. One that holds none is as it was.
    """
    if len(path) < LENGTH_MIN:
        return path
    plain = resolved(path) if "%" in path else path
    if "k_" not in plain and _TOKEN not in plain:
        return path
    told, count = _FOUND.subn(CUT_OUT, plain)
    return told if count else path

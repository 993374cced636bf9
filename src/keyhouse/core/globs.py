"""Globs over paths as regular expressions whose time grows as the text, no faster.

`*` stands for one segment or a part of one, `**` for any rest, `{name}` for
at least one character of a segment. Everything else is literal.

Between two wildcards the first place where a literal fits is as good as any
later one, so each literal is looked for once and never again: the groups are
atomic. What follows `**` is tried once for each segment.
"""

import re
from collections.abc import Callable
from itertools import starmap
from typing import Final

WILDCARD: Final = re.compile(r"(\*\*|\*|\{[A-Za-z_][A-Za-z0-9_]*\})")
END: Final = r"\Z"
_SEGMENTS: Final = "(?:[^/]*+/)*?"
_GAP: Final = "[^/]*?"
_GAP_OF_ONE: Final = "[^/]+?"


def glob_expression(glob: str, end: str = END, spelled: Callable[[str], str] = str) -> str:
    """The regular expression of `glob` up to `end`; it has no capturing group.

    `spelled` gives a literal as it stands in the texts to be matched.
    """

    def pieces(gap: str, part: str) -> list[tuple[str, str]]:
        """Each literal of a part without `**`, with the gap before it."""
        found = WILDCARD.split(part)
        gaps = [gap, *(_GAP if wild == "*" else _GAP_OF_ONE for wild in found[1::2])]
        literals = [re.escape(spelled(literal)) for literal in found[::2]]
        return list(zip(gaps, literals, strict=True))

    first, *others = glob.split("**")
    if not others:
        return _run(pieces("", first), end)
    *middle, last = others
    found = "".join(f"(?>{_SEGMENTS}{_run(pieces(_GAP, part))})" for part in middle)
    ending = f"{_SEGMENTS}{_run(pieces(_GAP, last), end)}" if last else ".*"
    return _run(pieces("", first)) + found + ending


def _run(pieces: list[tuple[str, str]], end: str = "") -> str:
    """Pieces one behind the other; with an `end` the last one reaches to it."""
    if not end:
        return "".join(starmap(_first, pieces))
    *before, (gap, literal) = pieces
    return f"{_run(before)}{gap}{literal}{end}"


def _first(gap: str, literal: str) -> str:
    return f"(?>{gap}{literal})" if gap else literal

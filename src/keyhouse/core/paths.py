"""Paths with one meaning: what a check reads is what an upstream will read."""

import re
from typing import Final

_UNCLEAR: Final = r"//|\\|;|[?#]|/\.{1,2}(?:/|$)|[^!-~]"
USUAL_SEGMENT: Final = r"[\w~!$&'()*+,=:@-][\w.~!$&'()*+,=:@-]*+"
is_usual_path: Final = re.compile(rf"/(?:{USUAL_SEGMENT}/?)*+", re.ASCII).fullmatch
"""Most paths at one look, and they are plain: no escape, no segment begins with a dot."""
_DOUBTFUL: Final = re.compile(f"%|{_UNCLEAR}")
_REFUSED: Final = re.compile(f"{_UNCLEAR}|%(?:[01][0-9A-F]|25|2F|3B|5C|7F)")
_KEPT: Final = frozenset("%/\\;?#")
"""What reads differently escaped and as it is, or stands in no path as it is."""
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")


def plain_path(path: str) -> str | None:
    """`path`, as on the request line, with the escapes resolved that any server resolves.

    `/notes%3Apurge` is `/notes:purge`: to RFC 3986 (2.2) the two may differ, but
    whoever routes by the decoded path makes no difference, and that is nearly everybody.
    None when it has two readings: dot segments, doubled and escaped slashes,
    backslashes, parameters behind a semicolon, escaped percent signs and
    controls, broken escapes and raw bytes beyond ASCII are read differently
    by different servers (RFC 3986, 6.2.2), so a check of such a path would
    promise nothing.
    """
    if is_usual_path(path):
        return path
    if _DOUBTFUL.search(path) is None:
        return path if path.startswith("/") else None
    broken = any(match[1] is None for match in _ESCAPE.finditer(path))
    plain = resolved(path)
    if broken or not plain.startswith("/") or _REFUSED.search(plain):
        return None
    return plain


def resolved(text: str) -> str:
    """`text` with each character of a path in its one spelling."""
    return _ESCAPE.sub(_resolve, text)


def _resolve(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    character = chr(int(match[1], 16))
    is_plain = "!" <= character <= "~" and character not in _KEPT
    return character if is_plain else match[0].upper()

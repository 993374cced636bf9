"""Paths with one meaning: what a check reads is what an upstream will read."""

import re
from typing import Final

_UNCLEAR: Final = r"//|\\|;|[?#]|/\.{1,2}(?:/|$)|[^!-~]"
USUAL_SEGMENT: Final = r"[\w~!$&'()*+,=:@-][\w.~!$&'()*+,=:@-]*+"
is_usual_path: Final = re.compile(rf"/(?:{USUAL_SEGMENT}/?)*+", re.ASCII).fullmatch
"""Most paths at one look, and they are plain: no escape, no segment begins with a dot."""
_DOUBTFUL: Final = re.compile(f"%|{_UNCLEAR}")
_REFUSED: Final = re.compile(f"{_UNCLEAR}|%(?:[01][0-9A-F]|25|2F|3B|5C|7F)")
_UNRESERVED: Final = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~"
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")


def plain_path(path: str) -> str | None:
    """`path`, as on the request line, with needless escapes resolved.

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
    plain = _ESCAPE.sub(_resolve, path)
    if broken or not plain.startswith("/") or _REFUSED.search(plain):
        return None
    return plain


def _resolve(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()

"""Request lines are read at one look where that is enough: to the same end."""

import re

import hypothesis.strategies as st
from hypothesis import example, given

from keyhouse.doors.gateway.targets import LINES, _plain, _usual, read_line

_PIECES = st.sampled_from(
    [
        "/",
        "a",
        "b.c",
        ".",
        "..",
        "%41",
        "%2F",
        "?",
        "q=1",
        "&",
        ";",
        "~",
        "@",
        '"',
        "é",
        "//",
    ]
)
_TARGETS = st.lists(_PIECES, max_size=8).map("".join)
_METHODS = st.sampled_from(["GET", "POST", "PURGE", "get", "HEAD"])


@given(_METHODS, _TARGETS, st.sampled_from(["HTTP/1.1", "HTTP/1.0"]))
@example("GET", "/a/b?x=1", "HTTP/1.1")
@example("GET", "/a?", "HTTP/1.1")
@example("GET", "/a/", "HTTP/1.1")
@example("GET", "/", "HTTP/1.1")
def test_a_line_means_the_same_whichever_way_it_is_read(
    method: str, target: str, version: str
) -> None:
    """A path that two readers took for two would open what a restriction closes."""
    line = f"{method} {target} {version}".encode()
    usual, plain = _usual(line), _plain(line)
    if usual is not None:
        assert usual == plain
    elif plain is not None and plain.place.slug and plain.place.path != "/":
        # What is left to the slower way is not usual: an escape or a dot in front.
        assert re.search(r'%|/\.|["]', target), target


def test_lines_that_come_once_push_nothing_out() -> None:
    """Else callers who name a new thing each time would cost all others their place."""
    LINES.clear()
    for _ in range(2):
        read_line(b"GET /weather/kept HTTP/1.1")
    for number in range(10_000):
        read_line(b"GET /weather/%d HTTP/1.1" % number)
    assert b"GET /weather/kept HTTP/1.1" in LINES
    assert len(LINES) < 100


def test_a_line_with_a_query_is_not_kept() -> None:
    """There may be a key in it."""
    LINES.clear()
    for _ in range(3):
        assert read_line(b"GET /weather/now?api_key=secret HTTP/1.1") is not None
    assert not LINES

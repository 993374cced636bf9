"""Globs fit what they say, and no text makes them slow."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyhouse.core.globs import WILDCARD, glob_expression

_WILD = {"*": "[^/]*", "**": ".*"}


def _slow(glob: str, text: str) -> bool:
    """The meaning of a glob as an ordinary, backtracking expression."""
    parts = WILDCARD.split(glob)
    expression = "".join(
        _WILD.get(part, "[^/]+") if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


_GLOBS = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "{x}", "ab"]), max_size=9).map(
    "".join
)
_TEXTS = st.text("ab/", max_size=14)


@given(glob=_GLOBS, text=_TEXTS)
@example(glob="/a**a", text="/a")
@example(glob="**a*b/**", text="/a/ab/")
@example(glob="a***b", text="a/b")
def test_a_glob_fits_exactly_what_its_words_say(glob: str, text: str) -> None:
    fast = re.compile(glob_expression(glob), re.DOTALL).match(text) is not None
    assert fast is _slow(glob, text)


@given(data=st.data(), parts=st.lists(st.sampled_from(["a", "b", "/", "*", "**"])))
def test_a_glob_fits_what_was_made_from_it(data: st.DataObject, parts: list[str]) -> None:
    made = {"*": st.text("ab", max_size=3), "**": st.text("ab/", max_size=5)}
    glob = "".join(part + ("" if part[0] != "*" else "a") for part in parts)
    text = "".join(data.draw(made[part]) + "a" if part in made else part for part in parts)
    assert re.compile(glob_expression(glob), re.DOTALL).match(text) is not None


@pytest.mark.parametrize(
    "glob",
    [
        "/a*a*a*a*a*a*a*b",
        "/**a**a**a**a**a**b",
        "/**a*a*a**a*a*b",
        "/**a*b**a*b",
        "/**a*b",
        "/{x}a{x}a{x}a{x}a{x}b",
        "/**/a*b/**/a*b/c",
    ],
)
@pytest.mark.parametrize("text", ["a" * 20_000, "a/" * 10_000, "aab/" * 5_000 + "c"])
def test_no_caller_can_keep_a_matcher_busy(glob: str, text: str) -> None:
    match = re.compile(glob_expression(glob), re.DOTALL).match
    started = time.process_time()
    match("/" + text)
    assert time.process_time() - started < 0.1

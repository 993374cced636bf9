"""What a file may hold: JSON's values in YAML, and nothing that does more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.services.declare import Unreadable, read_yaml, write_yaml
from keyhouse.services.declare.yaml_text import BYTES_MAX, NODES_MAX

ODD = (
    "yes",
    "no",
    "on",
    "~",
    "null",
    "1e3",
    "0777",
    "0x1f",
    "1_000",
    "12:30:45",
    "=",
    "<<",
    "2030-01-01",
    ".5",
    "1.",
    "-",
    "#",
    "&a",
    "*a",
    "!t",
    "%",
    "@",
    "`",
    "{",
    "[",
    "'",
    '"',
    "|",
    ">",
    "?",
    "true",
    "True",
    "2030-01-01T00:00:00Z",
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.sampled_from(
    [*ODD, "", " a", "a ", "- a", "a: b", "a\nb", "\u2028", "\x85", "\ufeff"]
)
TREES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(TREES)
def test_what_is_written_is_read_the_same(tree: Any) -> None:
    assert read_yaml(write_yaml([tree])) == [tree]


@given(TREES)
def test_what_is_there_twice_is_written_twice(tree: Any) -> None:
    """PyYAML would write an alias, which is refused."""
    assert read_yaml(write_yaml([tree, tree])) == [tree, tree]


def test_people_write_what_they_mean() -> None:
    text = (
        "country: no\nat: 2030-01-01T00:00:00Z\ncount: 3\nrate: 1.5\noff: false\nnone: ~\n"
    )
    assert read_yaml(text) == {
        "country": "no",
        "at": "2030-01-01T00:00:00Z",
        "count": 3,
        "rate": 1.5,
        "off": False,
        "none": None,
    }


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, "anchor or alias in line 1"),
        ("a: 1\nb: *a\n", "alias"),
        ("a: !!python/object/apply:os.system [ls]\n", "tag in line 1"),
        ("a: !mine x\n", "tag"),
        ("a: 1\na: 2\n", "'a' is there twice in line 2"),
        ("a: 1\n---\nb: 2\n", "more than one document"),
        ("", "empty"),
        ("# nothing\n", "empty"),
        ("? [a]\n: b\n", "is no text"),
        ("a: [1, 2\n", "no YAML"),
        ("a: \x07\n", "no YAML"),
        ("a:\n\t- b\n", "no YAML"),
        ("[" * 40 + "]" * 40, "too deep"),
        ("{" + '"a":{' * 50_000, "no JSON"),
        ("- a\n" * (NODES_MAX + 1), "too large"),
        ("a: " + "x" * BYTES_MAX, "bytes"),
        ('{"a": NaN', "no JSON"),
    ],
)
def test_what_does_more_than_hold_values_is_refused(text: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read_yaml(text)

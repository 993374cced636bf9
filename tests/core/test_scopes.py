"""Scopes hold what they name, and no more."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.scopes import (
    covers,
    covers_all,
    is_entry,
    is_scope,
    is_wild,
    meets,
    meets_all,
    needs,
    unmet,
)

_SCOPES = ["*", "pages:read", "pages:*", "*:read", "a.b-c_d:x.y", "a:b"]


@pytest.mark.parametrize("text", _SCOPES)
def test_scopes(text: str) -> None:
    assert is_scope(text)
    assert is_entry(text)
    assert is_wild(text) is ("*" in text)


_NO_SCOPES = ["", "pages", "pages:", ":read", "*:*", "*:", ":*", "**", "*:re*", "pa*:read"]
_NO_SCOPES += ["Pages:read", "pages:re*", "*:Read"]
_NO_SCOPES += [
    "pages: read",
    "pages:read\n",
    "a:b:c",
    "1:2",
    "é:a",
    'a:b"',
    "a" * 64 + ":b",
    "*:" + "a" * 64,
]


@pytest.mark.parametrize("text", _NO_SCOPES)
def test_other_texts_are_no_scopes(text: str) -> None:
    assert not is_scope(text)
    assert not is_entry(text)
    assert not is_entry(f"a:b|{text}")


@pytest.mark.parametrize("text", ["a:b|c:d", "a:*|*:b|*", "|".join(["a:b"] * 16)])
def test_an_entry_names_alternatives(text: str) -> None:
    assert is_entry(text)
    assert not is_scope(text)


@pytest.mark.parametrize(
    "text", ["|", "a:b|", "|a:b", "a:b||c:d", "a:b | c:d", "|".join(["a:b"] * 17)]
)
def test_other_texts_are_no_entries(text: str) -> None:
    assert not is_entry(text)


@pytest.mark.parametrize(
    ("held", "needed", "may"),
    [
        (set(), "pages:read", False),
        ({"pages:read"}, "pages:read", True),
        ({"pages:read"}, "pages:write", False),
        ({"pages:*"}, "pages:write", True),
        ({"pages:*"}, "pagesx:write", False),
        ({"page:*"}, "pages:write", False),
        ({"*:read"}, "pages:read", True),
        ({"*:read"}, "pages:reads", False),
        ({"*:read"}, "read:pages", False),
        ({"*"}, "pages:write", True),
        ({"pages:read"}, "pages:*", False),
        ({"pages:read", "*:read"}, "pages:*", False),
        ({"pages:*"}, "*", False),
        ({"pages:*", "*:read"}, "*", False),
        ({"pages:*"}, "pages:*", True),
        ({"*:read"}, "*:read", True),
        ({"pages:*"}, "*:read", False),
        ({"*"}, "*:read", True),
        ({"*"}, "*", True),
        ({"pages:*"}, "pages", False),  # no scope: deny on doubt
    ],
)
def test_what_a_holder_may_do(held: set[str], needed: str, may: bool) -> None:
    assert covers(held, needed) is may
    assert covers_all(frozenset(held), [needed, needed]) is may
    assert covers_all(frozenset(held), [])
    assert meets_all(frozenset(held), [needed]) is may


def test_all_that_is_needed_must_be_held() -> None:
    assert not covers_all(frozenset({"a:x"}), ["a:x", "a:y"])
    assert covers_all(frozenset({"a:x", "a:y"}), ["a:x", "a:y"])


# The oracle: a scope is the set of all pairs that it stands for. `new` is a name
# that no scope mentions, in the place of all those that are yet to come.
_NAMES = ("a", "b", "new")
_ANY = st.sampled_from(
    ["*", *(f"{r}:{s}" for r, s in product("ab*", repeat=2) if (r, s) != ("*", "*"))]
)
_ENTRY = st.lists(_ANY, min_size=1, max_size=3).map("|".join)


def pairs(scope: str) -> set[tuple[str, str]]:
    """All that a scope stands for."""
    resource, _, action = (scope if scope != "*" else "*:*").partition(":")
    return {
        (r, a)
        for r, a in product(_NAMES, repeat=2)
        if resource in (r, "*") and action in (a, "*")
    }


def held_pairs(held: frozenset[str]) -> set[tuple[str, str]]:
    return set().union(*map(pairs, held))


@given(st.frozensets(_ANY, max_size=5), _ANY)
def test_a_scope_is_covered_where_all_that_it_stands_for_is_held(
    held: frozenset[str], needed: str
) -> None:
    assert covers(held, needed) is (pairs(needed) <= held_pairs(held))


@given(st.frozensets(_ANY, max_size=5), st.lists(_ENTRY, max_size=4))
def test_of_all_entries_one_alternative_must_be_covered(
    held: frozenset[str], entries: list[str]
) -> None:
    """Compiled or not, the answer is that of the sets; what lacks is told as written."""
    may = held_pairs(held)
    lacks = [
        entry
        for entry in dict.fromkeys(entries)
        if not any(pairs(one) <= may for one in entry.split("|"))
    ]
    assert list(unmet(held, entries)) == lacks
    assert meets(held, needs(entries)) is (not lacks)
    assert meets_all(held, entries) is (not lacks)

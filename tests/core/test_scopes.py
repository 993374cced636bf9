"""Scopes hold what they name, and no more."""

import pytest

from keyhouse.core.scopes import covers, covers_all, is_scope


@pytest.mark.parametrize("text", ["*", "pages:read", "pages:*", "a.b-c_d:x.y", "a:b"])
def test_scopes(text: str) -> None:
    assert is_scope(text)


_NO_SCOPES = ["", "pages", "pages:", ":read", "*:read", "**", "Pages:read", "pages:re*"]
_NO_SCOPES += [
    "pages: read",
    "pages:read\n",
    "a:b:c",
    "1:2",
    "é:a",
    'a:b"',
    "a" * 64 + ":b",
]


@pytest.mark.parametrize("text", _NO_SCOPES)
def test_other_texts_are_no_scopes(text: str) -> None:
    assert not is_scope(text)


@pytest.mark.parametrize(
    ("held", "needed", "may"),
    [
        (set(), "pages:read", False),
        ({"pages:read"}, "pages:read", True),
        ({"pages:read"}, "pages:write", False),
        ({"pages:*"}, "pages:write", True),
        ({"pages:*"}, "pagesx:write", False),
        ({"page:*"}, "pages:write", False),
        ({"*"}, "pages:write", True),
        ({"pages:read"}, "pages:*", False),
        ({"pages:*"}, "*", False),
        ({"pages:*"}, "pages:*", True),
    ],
)
def test_what_a_holder_may_do(held: set[str], needed: str, may: bool) -> None:
    assert covers(held, needed) is may
    assert covers_all(frozenset(held), [needed, needed]) is may
    assert covers_all(frozenset(held), [])


def test_all_that_is_needed_must_be_held() -> None:
    assert not covers_all(frozenset({"a:x"}), ["a:x", "a:y"])
    assert covers_all(frozenset({"a:x", "a:y"}), ["a:x", "a:y"])

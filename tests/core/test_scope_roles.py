"""A role stands for what its API says of it now."""

import pytest

from keyhouse.core.entities import KeyKind
from keyhouse.core.scope_roles import is_role_name, resolved
from tests.core import rows

READER = {"reader": ("forecast:read", "*:list")}


@pytest.mark.parametrize("name", ["a", "reader", "a-b_c9", "a" * 63])
def test_names(name: str) -> None:
    assert is_role_name(name)


@pytest.mark.parametrize("name", ["", "A", "9a", "-a", "a:b", "*", "a b", "a\n", "a" * 64])
def test_no_names(name: str) -> None:
    assert not is_role_name(name)


def test_a_role_adds_its_scopes_to_those_that_are_held() -> None:
    held = resolved(("alerts:read",), ("reader",), READER)
    assert held == {"alerts:read", "forecast:read", "*:list"}


def test_a_role_that_there_is_not_opens_nothing() -> None:
    assert resolved(("a:b",), ("writer",), READER) == {"a:b"}
    assert resolved((), ("reader",), {}) == frozenset()


def test_a_way_to_an_api_holds_the_scopes_of_its_roles() -> None:
    """What is decided on, and what the upstream is told, is the resolved set."""
    access = {"scopes": ("alerts:read",), "roles": ("reader", "gone")}
    line = rows.line(rows.api_record(roles=READER), access=access)
    assert line.grant is not None
    assert line.grant.scopes == {"alerts:read", "forecast:read", "*:list"}
    assert line.key.grants[0].scopes == {"alerts:read"}


def test_a_key_in_a_page_gets_no_wild_scope_by_a_role() -> None:
    """Even where the role was widened long after the key was made."""
    api = rows.api_record(roles=READER)
    line = rows.line(api, access={"roles": ("reader",)}, kind=KeyKind.PUBLISHABLE)
    assert line.grant is not None
    assert line.grant.scopes == {"forecast:read"}

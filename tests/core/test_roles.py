from itertools import pairwise

import pytest

from keyhouse.core.entities import Role
from keyhouse.core.roles import scopes_of
from keyhouse.core.scopes import EVERYTHING, covers_all, is_scope
from keyhouse.services.issue import MANAGEMENT_SCOPES


def test_each_role_may_do_all_that_the_role_below_may() -> None:
    for higher, lower in pairwise(Role):
        assert covers_all(scopes_of(higher), scopes_of(lower))
        assert scopes_of(higher) != scopes_of(lower)


def test_who_views_changes_nothing() -> None:
    assert all(scope.endswith(":read") for scope in scopes_of(Role.VIEWER))


def test_an_owner_may_do_everything() -> None:
    assert scopes_of(Role.OWNER) == {EVERYTHING}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.ADMIN])
def test_a_role_has_scopes_that_there_are(role: Role) -> None:
    assert all(map(is_scope, scopes_of(role)))
    assert scopes_of(role) <= set(MANAGEMENT_SCOPES)

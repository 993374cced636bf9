"""An API's roles: names for sets of its scopes, which keys may hold beside scopes.

A key keeps the name alone. What it stands for is looked up when the key's way
to the API is compiled, so that a role that changes has changed for every key
at once. (What members of an organization may do is `core.roles`.)
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from keyhouse.core.scopes import is_wild

ROLES_MAX: Final = 50
"""The most roles of an API."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def is_role_name(text: str) -> bool:
    """Whether a role may be called so. No scope can: it has no colon."""
    return _NAME.fullmatch(text) is not None


def resolved(
    scopes: Iterable[str],
    roles: Iterable[str],
    known: Mapping[str, Collection[str]],
    *,
    narrow: bool = False,
) -> frozenset[str]:
    """All scopes of one who holds `scopes` and `roles`; `known` are the API's roles.

    A role that is not among them opens nothing. With `narrow`, as for a key
    that every visitor of a page can read, wild scopes of roles are left out.
    """
    of_roles = (scope for role in roles for scope in known.get(role, ()))
    return frozenset(
        (*scopes, *(scope for scope in of_roles if not (narrow and is_wild(scope))))
    )

"""What each role may do: the scopes that a member holds for the organization."""

from collections.abc import Mapping
from typing import Final

from keyhouse.core.entities import Role
from keyhouse.core.scopes import EVERYTHING

_VIEWER: Final = frozenset(
    (
        "organizations:read",
        "projects:read",
        "apis:read",
        "applications:read",
        "customers:read",
        "plans:read",
        "subscriptions:read",
        "keys:read",
        "usage:read",
        "requests:read",
        "members:read",
    )
)
_DEVELOPER: Final = _VIEWER | {
    "apis:write",
    "applications:write",
    "customers:write",
    "plans:write",
    "subscriptions:write",
    "keys:write",
    "keys:verify",
}
_ADMIN: Final = _DEVELOPER | {
    "projects:write",
    "organizations:write",
    "members:write",
    "audit:read",
    "webhooks:read",
    "webhooks:write",
}
_SCOPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.VIEWER: _VIEWER,
    Role.DEVELOPER: _DEVELOPER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: frozenset((EVERYTHING,)),
}


def scopes_of(role: Role) -> frozenset[str]:
    """All scopes of a role. Each role has those of the role below it."""
    return _SCOPES[role]

"""Checks of scopes, of what is needed, and of roles."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from keyhouse.core.scope_roles import ROLES_MAX, is_role_name
from keyhouse.core.scopes import (
    ALTERNATIVES_MAX,
    EVERYTHING,
    alternatives,
    is_scope,
    is_wild,
)
from keyhouse.core.validation.problem import Problem, check_items

_FORMS: Final = "write it as resource:action"


def check_scopes(
    field: str,
    values: Sequence[str],
    known: Collection[str] | None = None,
    *,
    wild: bool = True,
) -> list[Problem]:
    """Scopes, each once. `known` are those of the API; None: any will do.

    With `wild`, `*`, `resource:*` and `*:action` are among them where they
    hold any known scope; without it they are refused, as in what an API knows.
    """
    return check_items(field, values, lambda place, one: _scope(place, one, known, wild))


def check_needs(
    field: str,
    values: Sequence[str],
    known: Collection[str] | None = None,
    *,
    wild: bool = True,
) -> list[Problem]:
    """What is needed: entries, each a scope or several set apart by `|`."""
    return check_items(
        field, values, lambda place, one: check_entry(place, one, known, wild=wild)
    )


def check_entry(
    field: str, value: str, known: Collection[str] | None = None, *, wild: bool = True
) -> list[Problem]:
    """One entry of what is needed."""
    named = alternatives(value)
    if len(named) > ALTERNATIVES_MAX:
        reason = f"has more than {ALTERNATIVES_MAX} alternatives"
        return [Problem(field, reason, "make the scopes fewer, or a wider one")]
    if len(set(named)) < len(named):
        return [Problem(field, "names an alternative twice", "leave one out")]
    # Of several wrong ones the first is told: a field has one mend at a time.
    return next(filter(None, (_scope(field, one, known, wild) for one in named)), [])


def check_api_roles(
    field: str, roles: Mapping[str, Sequence[str]], known: Collection[str]
) -> list[Problem]:
    """The roles of an API and the scopes of each, which are among those it knows."""
    if len(roles) > ROLES_MAX:
        return [Problem(field, f"has more than {ROLES_MAX} entries", "join some")]
    problems: list[Problem] = []
    for name, scopes in roles.items():
        problems += check_role_name(f"{field}.{name[:64]}", name)
        problems += check_scopes(f"{field}.{name[:64]}", scopes, known)
    return problems


def check_role_name(field: str, value: str) -> list[Problem]:
    """What a role is called."""
    if is_role_name(value):
        return []
    mend = "use up to 63 of a-z, 0-9, _ and -, beginning with a letter"
    return [Problem(field, "is no name of a role", mend)]


def check_held_roles(
    field: str, values: Sequence[str], known: Collection[str]
) -> list[Problem]:
    """The roles that a key is to hold: some of the API's, each once."""
    return check_items(field, values, lambda place, one: _held_role(place, one, known))


def _held_role(field: str, value: str, known: Collection[str]) -> list[Problem]:
    if value in known:
        return []
    mend = f"choose among {', '.join(sorted(known)) or 'none: the API has no roles'}"
    return [Problem(field, "is not a role of the API", mend)]


def _scope(
    field: str, value: str, known: Collection[str] | None, wild: bool
) -> list[Problem]:
    if not is_scope(value):
        return [Problem(field, "is no scope", _FORMS)]
    if is_wild(value) and not wild:
        return [Problem(field, "is not one scope", "name the single scopes")]
    if known is None or _is_among(value, known):
        return []
    mend = f"choose among {', '.join(sorted(known)) or 'none: the API has no scopes'}"
    return [Problem(field, "is not a scope of the API", mend)]


def _is_among(scope: str, known: Collection[str]) -> bool:
    """Whether a scope is known or, if it is wild, holds one that is."""
    if not is_wild(scope):
        return scope in known
    if scope == EVERYTHING:
        return True
    resource, _, action = scope.partition(":")
    return any(
        one.startswith(f"{resource}:")
        if action == EVERYTHING
        else one.endswith(f":{action}")
        for one in known
    )

"""What a key shall open: names looked up, scopes checked, nothing widened."""

from collections.abc import Mapping
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Access, Api, Key, KeyKind, Project, Resource
from keyhouse.core.scopes import covers, is_wild
from keyhouse.core.validation import (
    ENTRIES_MAX,
    Problem,
    check_held_roles,
    check_scopes,
)
from keyhouse.services.catalog import find_api
from keyhouse.services.issue.minting import Opening
from keyhouse.services.issue.queries import WRITE
from keyhouse.services.refusals import Forbidden, Invalid, NotFound
from keyhouse.services.work import Work

MANAGEMENT_SCOPES = (
    "organizations:read",
    "organizations:write",
    "projects:read",
    "projects:write",
    "apis:read",
    "apis:write",
    "applications:read",
    "applications:write",
    "customers:read",
    "customers:write",
    "keys:read",
    "keys:write",
    "keys:verify",
    "usage:read",
    "requests:read",
    "audit:read",
    "members:read",
    "members:write",
    "webhooks:read",
    "webhooks:write",
)
"""All that a management key can be allowed."""


class AccessWish(NamedTuple):
    """One entry of a key's wanted access: an API's id or slug, or a project's

    or organization's id, and the scopes for it. `roles` are for an API only.
    """

    resource: Resource
    name: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...] = ()


class _Named(NamedTuple):
    """What a wish names: its id, its project, and the scopes and roles it knows."""

    id: str
    project_id: str | None
    scopes: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]


class Opened(NamedTuple):
    """Checked access, and the project of its first entry, where it has one."""

    access: tuple[Opening, ...]
    project_id: str | None


def open_access(work: Work, kind: KeyKind, wishes: tuple[AccessWish, ...]) -> Opened:
    """Look up and check what a key of this kind shall open.

    An API of another organization reads like one that is not there, and so
    does one beyond the actor's own reach. Raises Invalid.
    """
    if not 1 <= len(wishes) <= ENTRIES_MAX:
        mend = "name at least one API" if not wishes else f"name up to {ENTRIES_MAX}"
        raise Invalid([Problem("access", "is empty" if not wishes else "is long", mend)])
    _hold_apis(work, [wish.name for wish in wishes if wish.resource is Resource.API])
    problems: list[Problem] = []
    access: list[Opening] = []
    project_id = None
    for index, wish in enumerate(wishes):
        place = f"access.{index}"
        found = _found(work, place, kind, wish)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        problems += check_scopes(f"{place}.scopes", wish.scopes, found.scopes)
        problems += _check_roles(f"{place}.roles", kind, wish.roles, found.roles)
        if kind is KeyKind.MANAGEMENT:
            problems += _wider(work, place, wish, found)
        if any(found.id == other.id for other in access):
            where = f"{place}.{wish.resource}"
            problems.append(Problem(where, "is there twice", "join the two"))
        access.append(Opening(wish.resource, found.id, wish.scopes, wish.roles))
        project_id = project_id or found.project_id
    if problems:
        raise Invalid(problems)
    return Opened(tuple(access), project_id)


def _hold_apis(work: Work, names: list[str]) -> None:
    """Keep the APIs from being deleted until what opens them is written.

    In the order of their ids: of two who name the same, neither waits for the other
    who waits for it.
    """
    slugs = tuple(one for one in names if one.isprintable() and not ids.is_id(one, ids.API))
    home = work.actor.organization_id
    found = work.tx.find(Api, slug=slugs, organization_id=home) if slugs else []
    held = {api.id for api in found} | {one for one in names if ids.is_id(one, ids.API)}
    for id in sorted(held):
        work.tx.get(Api, id)


def demand_no_more(work: Work, key: Key) -> None:
    """Raise Forbidden where a management key may do more than the actor.

    Whoever gets a secret of it could otherwise rise above themselves.
    """
    if key.kind is not KeyKind.MANAGEMENT:
        return
    for row in work.tx.find(Access, key_id=key.id):
        home = None
        if row.resource is Resource.API:
            api = work.tx.get(Api, row.resource_id)
            home = None if api is None else api.project_id
        held = work.actor.scopes_on(row.resource_id, home)
        for scope in row.scopes:
            if not covers(held, scope):
                raise Forbidden(scope, ", which the key has")


def _found(work: Work, place: str, kind: KeyKind, wish: AccessWish) -> Problem | _Named:
    """What a wish names, or why it cannot."""
    field = f"{place}.{wish.resource}"
    management = kind is KeyKind.MANAGEMENT
    if wish.resource is not Resource.API and not management:
        return Problem(field, "is for management keys", "name an api")
    reach = work.actor.reach(WRITE)
    if wish.resource is Resource.ORGANIZATION:
        if reach.whole and wish.name == work.actor.organization_id:
            return _Named(wish.name, None, MANAGEMENT_SCOPES, {})
    elif wish.resource is Resource.PROJECT:
        project = _project(work, wish.name)
        if project is not None and reach.holds_project(project.id):
            return _Named(project.id, project.id, MANAGEMENT_SCOPES, {})
    else:
        api = find_api(work, wish.name)
        if api is not None and reach.holds_api(api):
            if management:
                return _Named(api.id, api.project_id, MANAGEMENT_SCOPES, {})
            return _Named(api.id, api.project_id, api.scopes, api.roles)
    mend = "GET /v1/apis lists those that you can name"
    if wish.resource is not Resource.API:
        mend = f"name a {wish.resource} that your own key manages"
    return Problem(field, "is not known", mend)


def _check_roles(
    field: str,
    kind: KeyKind,
    roles: tuple[str, ...],
    known: Mapping[str, tuple[str, ...]],
) -> list[Problem]:
    """The roles of a wish. Anyone can read a publishable key, so its are narrow."""
    if roles and kind is KeyKind.MANAGEMENT:
        return [Problem(field, "are not for management keys", "name scopes")]
    problems = check_held_roles(field, roles, known)
    if kind is KeyKind.PUBLISHABLE:
        problems += [
            Problem(f"{field}.{index}", "is too wide for a page", "name single scopes")
            for index, role in enumerate(roles)
            if any(map(is_wild, known.get(role, ())))
        ]
    return problems


def _project(work: Work, name: str) -> Project | None:
    if not ids.is_id(name, ids.PROJECT):
        return None
    try:
        return work.own(Project, name)
    except NotFound:
        return None


def _wider(work: Work, place: str, wish: AccessWish, named: _Named) -> list[Problem]:
    """Problems where a management key would be allowed more than its maker is."""
    held = work.actor.scopes_on(named.id, named.project_id)
    mend = "grant no more than your own key has there"
    return [
        Problem(f"{place}.scopes.{index}", "is more than your own key has", mend)
        for index, scope in enumerate(wish.scopes)
        if not covers(held, scope)
    ]

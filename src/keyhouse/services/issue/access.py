"""What a key shall open: names looked up, scopes checked, nothing widened."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    Api,
    Application,
    KeyKind,
    Project,
    Resource,
)
from keyhouse.core.scopes import covers, is_wild
from keyhouse.core.validation import (
    ENTRIES_MAX,
    Problem,
    check_held_roles,
    check_scopes,
)
from keyhouse.services.catalog import hold_apis
from keyhouse.services.issue.buying import Bought, find_bought
from keyhouse.services.issue.minting import Opening
from keyhouse.services.issue.queries import WRITE
from keyhouse.services.refusals import Invalid, NotFound
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
    "plans:read",
    "plans:write",
    "subscriptions:read",
    "subscriptions:write",
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
    "metrics:read",
)
"""All that a management key can be allowed."""


Holder = Callable[[str | None], Application | None]
"""Gives the application of a key by the project of its first API, where it is there."""


class AccessWish(NamedTuple):
    """One entry of a key's wanted access: an API's id or slug, or a project's

    or organization's id, and the scopes for it. `roles` are for an API only.
    """

    resource: Resource
    name: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...] = ()


class _Named(NamedTuple):
    """What a wish names: its id, its project, and the scopes and roles it knows.

    `bought` is what a subscription says of a foreign API.
    """

    id: str
    project_id: str | None
    scopes: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    bought: Bought | None = None


class Opened(NamedTuple):
    """Checked access, and the project of its first entry, where it has one."""

    access: tuple[Opening, ...]
    project_id: str | None


def open_access(
    work: Work,
    kind: KeyKind,
    wishes: tuple[AccessWish, ...],
    holder: Holder,
    held: Mapping[str, Api] | None = None,
) -> Opened:
    """Look up and check what a key of this kind shall open.

    An API of another organization reads like one that is not there, unless the
    key's application has an active subscription to it; `holder` gives that
    application. So does one beyond the actor's own reach. `held` is what
    `hold_apis` gave where the names of several keys were looked up together.
    Raises Invalid.
    """
    if not 1 <= len(wishes) <= ENTRIES_MAX:
        mend = "name at least one API" if not wishes else f"name up to {ENTRIES_MAX}"
        raise Invalid([Problem("access", "is empty" if not wishes else "is long", mend)])
    if held is None:
        held = hold_apis(work, [w.name for w in wishes if w.resource is Resource.API])
    problems: list[Problem] = []
    access: list[Opening] = []
    project_id = None
    named = [
        _found(work, f"access.{index}", kind, wish, held)
        for index, wish in enumerate(wishes)
    ]
    if kind is not KeyKind.MANAGEMENT:
        named = _with_bought(work, wishes, named, holder)
    for index, (wish, found) in enumerate(zip(wishes, named, strict=True)):
        place = f"access.{index}"
        if isinstance(found, Problem):
            problems.append(found)
            continue
        problems += check_scopes(f"{place}.scopes", wish.scopes, found.scopes)
        problems += _check_roles(f"{place}.roles", kind, wish.roles, found.roles)
        problems += _beyond(place, wish, found)
        if kind is KeyKind.MANAGEMENT:
            problems += _wider(work, place, wish, found)
        if any(found.id == other.id for other in access):
            where = f"{place}.{wish.resource}"
            problems.append(Problem(where, "is there twice", "join the two"))
        access.append(_opening(wish, found))
        project_id = project_id or found.project_id
    if problems:
        raise Invalid(problems)
    return Opened(tuple(access), project_id)


def _with_bought(
    work: Work,
    wishes: Sequence[AccessWish],
    named: Sequence[Problem | _Named],
    holder: Holder,
) -> list[Problem | _Named]:
    """`named`, with the foreign APIs that the application has subscribed to in place

    of their problems. They are asked for once, however many there are.
    """
    sought = {
        wish.name
        for wish, one in zip(wishes, named, strict=True)
        if isinstance(one, Problem) and wish.resource is Resource.API
    }
    home = next((one.project_id for one in named if isinstance(one, _Named)), None)
    application = holder(home) if sought else None
    if application is None:
        return list(named)
    bought = find_bought(work, application.id, sought)
    return [
        _of_bought(bought[wish.name])
        if isinstance(one, Problem) and wish.name in bought
        else one
        for wish, one in zip(wishes, named, strict=True)
    ]


def _of_bought(bought: Bought) -> _Named:
    api = bought.api
    roles = {name: api.roles.get(name, ()) for name in bought.roles}
    return _Named(api.id, None, api.scopes, roles, bought)


def _beyond(place: str, wish: AccessWish, named: _Named) -> list[Problem]:
    """Problems where a key would hold scopes that its plan does not open."""
    if named.bought is None:
        return []
    mend = "choose what the plan opens; GET /v1/plans/{id} tells it"
    return [
        Problem(f"{place}.scopes.{index}", "is more than the plan opens", mend)
        for index, scope in enumerate(wish.scopes)
        if not covers(named.bought.scopes, scope)
    ]


def _opening(wish: AccessWish, named: _Named) -> Opening:
    held = (wish.resource, named.id, wish.scopes, wish.roles)
    bought = named.bought
    if bought is None:
        return Opening(*held)
    return Opening(*held, bought.api.organization_id, bought.subscription_id)


def _found(
    work: Work, place: str, kind: KeyKind, wish: AccessWish, held: Mapping[str, Api]
) -> Problem | _Named:
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
        api = held.get(wish.name)
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

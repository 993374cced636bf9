"""From the form of a key to what services take, and from a key back to its form."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple, TypeVar

from keyhouse.core.entities import Environment, KeyKind, Resource, Restrictions
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.about_form import (
    read_about,
    read_owner,
    read_tags,
    typed_about,
)
from keyhouse.doors.console.keys.expiry_form import KEEP, read_end, read_start
from keyhouse.doors.console.keys.limits_form import read_limits, typed_limits
from keyhouse.doors.console.keys.rotation_form import read_rotation, typed_rotation
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.services.issue import (
    AccessWish,
    ApplicationWish,
    KeyChanges,
    KeyView,
    KeyWish,
)

C = TypeVar("C", bound=StrEnum)

NEW_APPLICATION = "new"
RESTRICTIONS = ("networks_allowed", "networks_denied", "referrers", "endpoints", "apps")


class ReadWish(NamedTuple):
    """The key that a form asks for, and what in it could not be read."""

    wish: KeyWish
    problems: list[Problem]


class ReadChanges(NamedTuple):
    """What a form changes of a key, and what in it could not be read."""

    changes: KeyChanges
    problems: list[Problem]


def read_wish(typed: Typed, project: str, environment: str, now_us: int) -> ReadWish:
    """The wanted key, in `project`, and in `environment` unless the form says another.

    Only the form's own shapes are judged here; the rules are the services'.
    """
    limits, problems = read_limits(typed)
    ends_at, end_problems = read_end(typed, now_us)
    starts_at, start_problems = read_start(typed)
    rotation, rotation_problems = read_rotation(typed)
    wish = KeyWish(
        name=typed.text("name"),
        access=read_access(typed),
        kind=_one_of(KeyKind, typed.text("kind"), KeyKind.SERVER),
        environment=_one_of(
            Environment, typed.text("environment"), Environment(environment)
        ),
        project=project,
        application=_application(typed),
        restrictions=read_restrictions(typed),
        limits=limits,
        starts_at=starts_at,
        ends_at=ends_at,
        rotation=rotation,
        owner=read_owner(typed),
        purpose=typed.text("purpose"),
        tags=read_tags(typed.text("tags")),
    )
    problems += [*end_problems, *start_problems, *rotation_problems]
    return ReadWish(wish, problems)


def read_changes(typed: Typed, part: str, now_us: int) -> ReadChanges:
    """What the form of one part of a key changes. LookupError for no such part."""
    return _PARTS[part](typed, now_us)


def read_access(typed: Typed) -> tuple[AccessWish, ...]:
    """The ticked APIs with what is ticked below them, which ticks its API too."""
    below = (
        slug
        for kind, dot, slug in (name.partition(".") for name in typed.fields)
        if dot and kind in ("scope", "role")
    )
    return tuple(
        AccessWish(
            Resource.API, slug, typed.all(f"scope.{slug}"), typed.all(f"role.{slug}")
        )
        for slug in dict.fromkeys((*typed.all("api"), *below))
    )


def read_restrictions(typed: Typed) -> Restrictions:
    """Where the key may be used, one entry a line."""
    return Restrictions(**{kind: typed.lines(kind) for kind in RESTRICTIONS})


def typed_of(view: KeyView) -> Typed:
    """The form of a key as it is now."""
    key = view.key
    opened = [row for row in view.access if row.resource is Resource.API]
    fields: dict[str, Iterable[str]] = {
        "name": [key.name],
        "kind": [key.kind],
        "environment": [key.environment or ""],
        "api": [view.slugs[row.resource_id] for row in opened],
        **{f"scope.{view.slugs[row.resource_id]}": row.scopes for row in opened},
        **{f"role.{view.slugs[row.resource_id]}": row.roles for row in opened},
        **{kind: ["\n".join(getattr(key.restrictions, kind))] for kind in RESTRICTIONS},
        **{name: [value] for name, value in typed_limits(key.limits).items()},
        **{name: [value] for name, value in typed_about(key).items()},
        **{name: [value] for name, value in typed_rotation(key.rotation).items()},
        "expiry": [KEEP],
    }
    return Typed({name: tuple(values) for name, values in fields.items()})


def _name(typed: Typed, _: int) -> ReadChanges:
    return ReadChanges({"name": typed.text("name")}, [])


def _access(typed: Typed, _: int) -> ReadChanges:
    return ReadChanges({"access": read_access(typed)}, [])


def _restrictions(typed: Typed, _: int) -> ReadChanges:
    return ReadChanges({"restrictions": read_restrictions(typed)}, [])


def _limits(typed: Typed, _: int) -> ReadChanges:
    limits, problems = read_limits(typed)
    return ReadChanges({"limits": limits}, problems)


def _expiry(typed: Typed, now_us: int) -> ReadChanges:
    if typed.text("expiry") == KEEP:
        return ReadChanges({}, [])
    ends_at, problems = read_end(typed, now_us)
    return ReadChanges({"ends_at": ends_at}, problems)


def _about(typed: Typed, _: int) -> ReadChanges:
    return ReadChanges(read_about(typed), [])


def _rotation(typed: Typed, _: int) -> ReadChanges:
    schedule, problems = read_rotation(typed)
    return ReadChanges({"rotation": schedule}, problems)


_PARTS: dict[str, Callable[[Typed, int], ReadChanges]] = {
    "name": _name,
    "about": _about,
    "access": _access,
    "restrictions": _restrictions,
    "limits": _limits,
    "expiry": _expiry,
    "rotation": _rotation,
}
PARTS = tuple(_PARTS)


def _application(typed: Typed) -> str | ApplicationWish | None:
    """An application by id, one to be made by its name, or the default one."""
    chosen = typed.text("application")
    if chosen == NEW_APPLICATION:
        return ApplicationWish(typed.text("application_name"))
    return chosen or None


def _one_of(kind: type[C], value: str, default: C) -> C:
    return kind(value) if value in tuple(kind) else default

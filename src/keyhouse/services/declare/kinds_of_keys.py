"""Keys: what they open and where, never a secret nor its hash."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import Access, Environment, Key, KeyKind, Resource, SecretRow
from keyhouse.core.rotation import hint_of
from keyhouse.core.validation import Problem
from keyhouse.services import issue
from keyhouse.services.declare.forms import (
    JSON,
    RESTRICTIONS,
    TEXT,
    TEXTS,
    TIME,
    Form,
    Plain,
    Wrong,
    choice,
    demand_known,
)
from keyhouse.services.declare.kinds import (
    Field,
    Held,
    Kind,
    Made,
    NewSecret,
    State,
    Swap,
)
from keyhouse.services.declare.kinds_of_projects import (
    DISABLED,
    LIMITED,
    PROJECT,
    ROTATION,
)
from keyhouse.services.declare.rows import rest
from keyhouse.services.issue import AccessWish, KeyWish
from keyhouse.services.issue.filters import coming_imports
from keyhouse.services.work import Look, Work

_MANAGING_MAX: Final = 100
"""Management keys of one name that are looked at: some may be beyond reach."""
_RESOURCES: Final = tuple(one.value for one in Resource)


def _read_access(value: Plain, place: str) -> list[Plain]:
    if not isinstance(value, list):
        raise Wrong(Problem(place, "is no list", "write what the key opens as a list"))
    found: list[Plain] = []
    problems: list[Problem] = []
    for index, item in enumerate(value):
        try:
            found.append(_read_opening(item, f"{place}[{index}]"))
        except Wrong as wrong:
            problems += wrong.problems
    if problems:
        raise Wrong(*problems)
    return found


def _read_opening(value: Plain, place: str) -> dict[str, Plain]:
    given = demand_known(value, place, (*_RESOURCES, "scopes", "roles"))
    named = [name for name in _RESOURCES if name in given]
    if len(named) != 1:
        mend = "name one api; a management key may name one project or the organization"
        raise Wrong(Problem(place, "names not one thing", mend))
    (resource,) = named
    name = given[resource]
    if resource == "organization":
        if name is not True:
            raise Wrong(Problem(f"{place}.organization", "is not true", "write true"))
    else:
        name = TEXT.read(name, f"{place}.{resource}")
    lists = {
        part: TEXTS.read(given[part], f"{place}.{part}")
        for part in ("scopes", "roles")
        if part in given
    }
    return {resource: name, **{part: items for part, items in lists.items() if items}}


def _wish(opening: Mapping[str, Plain]) -> AccessWish:
    (resource,) = (name for name in _RESOURCES if name in opening)
    held = (tuple(opening.get(part, ())) for part in ("scopes", "roles"))
    return AccessWish(Resource(resource), opening[resource], *held)


def _unordered(value: Plain) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in value)


def _swapped(value: Plain, swap: Swap) -> Plain:
    """Another text for what each entry of the access names."""
    return [
        {
            part: swap(f"{part}s", item, f"access[{index}].{part}")
            if part in _RESOURCES
            else item
            for part, item in opening.items()
        }
        for index, opening in enumerate(value)
    ]


ACCESS: Final = Form(_read_access, lambda value: tuple(map(_wish, value)), key=_unordered)


# Services keep each tag once.
TAGS: Final = replace(
    TEXTS, read=lambda value, place: [*dict.fromkeys(TEXTS.read(value, place))]
)


def _told_access(at: Look | Work, rows: Sequence[Key]) -> list[State]:
    found: dict[str, list[Access]] = defaultdict(list)
    for row in at.tx.find(Access, key_id=tuple(key.id for key in rows)):
        found[row.key_id].append(row)
    return [{"access": [_told_opening(row) for row in found[key.id]]} for key in rows]


def _told_opening(row: Access) -> dict[str, Plain]:
    lists = {"scopes": list(row.scopes), "roles": list(row.roles)}
    told = {part: items for part, items in lists.items() if items}
    return {row.resource.value: row.resource_id, **told}


def _hints(at: Look | Work, rows: Sequence[Key]) -> Mapping[str, str]:
    """The hint that each key is known by: a comment for whoever reads the file."""
    found: dict[str, list[SecretRow]] = defaultdict(list)
    for row in at.tx.find(SecretRow, key_id=tuple(key.id for key in rows)):
        found[row.key_id].append(row)
    return {id: hint_of(own, at.now_us) for id, own in found.items()}


def _find(at: Look | Work, state: State) -> Sequence[str]:
    """A key that lives, by its application, name, kind and environment."""
    where = {
        "application_id": state["application"],
        "name": state["name"],
        "kind": KeyKind(state["kind"]),
        "environment": state["environment"] and Environment(state["environment"]),
        "deleted_at": None,
        "revoked_at": None,
    }
    coming = {"import_id": coming_imports(at)}
    limit = _MANAGING_MAX if where["kind"] is KeyKind.MANAGEMENT else 2
    found = at.tx.page(Key, after=None, limit=limit, unless=coming, **where)
    return [row.id for row in issue.reached_keys(at, issue.READ, found.rows)]


def _listed(at: Look | Work, rows: Sequence[Key]) -> list[Key]:
    """What is over is no wish of anybody's, and what an open import brings not yet.

    What is beyond reach is told to nobody: management keys that lie in a project,
    and are for more.
    """
    living = [row for row in rows if row.deleted_at is None and row.revoked_at is None]
    coming = coming_imports(at) if any(row.import_id for row in living) else ()
    there = [row for row in living if row.import_id not in coming]
    return issue.reached_keys(at, issue.READ, there)


def _make(work: Work, held: Held) -> Made:
    key, secret = issue.create_key(work, KeyWish(**rest(held, "disabled"))).issued
    if held["disabled"]:
        issue.disable_key(work, key.id)
    return Made(key.id, NewSecret("key", key.id, key.name, secret.reveal()))


def _change(work: Work, row: Key, held: Held) -> None:
    changes: Any = rest(held, "disabled")
    if changes:
        issue.change_key(work, row.id, changes)
    if "disabled" in held:
        (issue.disable_key if held["disabled"] else issue.enable_key)(work, row.id)


def _usual_environment(state: State) -> Plain:
    return None if state["kind"] == KeyKind.MANAGEMENT else Environment.TEST.value


KEYS: Final = Kind(
    section="keys",
    one="key",
    prefix=ids.KEY,
    entity=Key,
    fields=(
        Field(name="name", form=TEXT, needed=True),
        PROJECT,
        Field(
            name="application",
            form=TEXT,
            needed=True,
            fixed=True,
            refers="applications",
            column="application_id",
        ),
        Field(name="kind", form=choice(KeyKind), default="server", fixed=True),
        Field(
            name="environment",
            form=choice(Environment, null=True),
            default=_usual_environment,
            fixed=True,
        ),
        Field(name="access", form=ACCESS, needed=True, apart=True, nested=_swapped),
        Field(name="restrictions", form=RESTRICTIONS, default={}),
        LIMITED,
        Field(name="starts_at", form=TIME),
        Field(name="ends_at", form=TIME),
        Field(name="metadata", form=JSON, default={}),
        Field(name="purpose", form=TEXT, default=""),
        Field(name="tags", form=TAGS, default=[]),
        ROTATION,
        DISABLED,
    ),
    read_scope=issue.READ,
    write_scope=issue.WRITE,
    title=lambda state: state["name"],
    identity=("application", "name", "kind", "environment"),
    find=_find,
    make=_make,
    change=_change,
    remove=lambda work, row: issue.delete_key(work, row.id),
    tell_more=_told_access,
    is_put_away=True,
    listed=_listed,
    # A management key is its holder's way in.
    owned=lambda _at, row: row.kind is not KeyKind.MANAGEMENT,
    hint=_hints,
)

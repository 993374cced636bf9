"""What a file leaves out of the sections that it has."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from keyhouse.services.declare.document import Document
from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.names import Names
from keyhouse.services.declare.register import NEW
from keyhouse.services.declare.steps import Action, FieldChange, Step
from keyhouse.services.declare.table import KINDS
from keyhouse.services.work import Look

_PAGE: Final = 200


class Kept(NamedTuple):
    """Rows that an entry means or refers to stay; `loose` ones refer to others than now."""

    taken: AbstractSet[str]
    referred: AbstractSet[str]
    loose: set[str]


def leftovers(
    look: Look, document: Document, project_id: str | None, kept: Kept
) -> Iterator[Step]:
    """Steps that take away all that is not kept, what refers to others first.

    Of the whole organization, or of one project; never a management key, nor
    what holds one.
    """
    if project_id is not None and project_id.startswith(NEW):
        return
    for kind in reversed(KINDS):
        if kind.section not in document.sections:
            continue
        if not kind.in_project and project_id is not None:
            continue
        for row in _rows(look, kind, project_id):
            if row.id in kept.taken:
                yield from _below(look, kind, row, kept)
            elif row.id not in kept.referred and kind.owned(look, row):
                yield from _away(look, kind, row, kept)


def _rows(look: Look, kind: Kind, project_id: str | None) -> Iterator[Any]:
    equals = kind.equals(look.actor.organization_id, project_id)
    after = ""
    while rows := look.tx.stretch(
        kind.entity, after=after, limit=_PAGE, within=None, either=None, **equals
    ):
        listed = kind.listed(look, rows)
        states = kind.tell(look, listed) if kind.place is None else []
        for index, row in enumerate(listed):
            if not states or kind.is_in(states[index], project_id):
                yield row
        after = rows[-1].id


def _below(
    look: Look,
    kind: Kind,
    row: Any,  # noqa: ANN401 - an entity
    kept: Kept,
) -> Iterator[Step]:
    """The children of a row that stays: they are told with it, so all are in the file."""
    for child in kind.children:
        for one in look.tx.find(child.entity, **{f"{child.parent}_id": row.id}):
            if one.id not in kept.taken:
                yield from _away(look, child, one, kept)


def _away(
    look: Look,
    kind: Kind,
    row: Any,  # noqa: ANN401 - an entity
    kept: Kept,
) -> Iterator[Step]:
    (state,) = kind.tell(look, [row])
    if not kind.stays(look, row, kept.loose):
        if not kind.is_put_away:
            kept.loose.add(row.id)
        yield _step(look, Action.REMOVE, kind, row.id, state, {})
    elif not state[kind.off]:
        yield _step(look, Action.DISABLE, kind, row.id, state, {kind.off: True})


def _step(
    look: Look, action: Action, kind: Kind, id: str, state: State, after: State
) -> Step:
    names, home = Names(look), state.get("project") or ""
    fields = tuple(FieldChange(name, state[name], value) for name, value in after.items())
    return Step(
        action=action,
        kind=kind,
        name=kind.titled(state, lambda section, id, _: names.of(section, id, home)),
        place="",
        id=id,
        fields=fields,
        before={name: state[name] for name in after},
        after=after,
    )

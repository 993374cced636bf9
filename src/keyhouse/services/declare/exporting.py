"""Exporting: a document of what there is, told as it is read, some rows at a time."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from keyhouse.core.validation import Problem
from keyhouse.services.actor import Actor
from keyhouse.services.declare.document import FORMAT, PROJECT, VERSION
from keyhouse.services.declare.forms import Plain
from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.names import Ambiguous, Names
from keyhouse.services.declare.reach import demand_reach, unknown_project
from keyhouse.services.declare.table import KINDS, SECTIONS
from keyhouse.services.declare.yaml_text import write_yaml
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Look, Office

PAGE: Final = 200
"""Rows read in one transaction, and held at once."""
_HEAD: Final = (
    "# What Keyhouse holds, without any secret. `keyhouse apply` takes it back;\n"
    "# what is left out of an entry is as it is by default.\n"
)


class Export(NamedTuple):
    """What is wanted: of one project or all, and of all sections or some."""

    project: str | None = None
    only: tuple[str, ...] = ()


class _Told(NamedTuple):
    """An entry, and a comment for people."""

    entry: dict[str, Plain]
    comment: str


def export_yaml(office: Office, actor: Actor, wish: Export) -> Iterator[str]:
    """The document as YAML, piece by piece. See `export_json` for what it raises."""
    begun = _begin(office, actor, wish)
    return _yaml(begun)


def export_json(office: Office, actor: Actor, wish: Export) -> Iterator[str]:
    """The document as JSON, piece by piece; what is there once no piece is asked for.

    Rows come in the order in which they were made, each page of them as it
    then is. Raises, before the first piece, Invalid for an unknown section or
    project, and Forbidden where the actor may not read all of it.
    """
    return _json(_begin(office, actor, wish))


class _Begun(NamedTuple):
    office: Office
    actor: Actor
    kinds: tuple[Kind, ...]
    project_id: str | None
    project: str | None


def _begin(office: Office, actor: Actor, wish: Export) -> _Begun:
    unknown = [name for name in wish.only if name not in SECTIONS]
    if unknown:
        mend = f"name some of {', '.join(SECTIONS)}"
        raise Invalid([Problem("only", f"has no section {unknown[0]}", mend)])
    kinds = tuple(one for one in KINDS if not wish.only or one.section in wish.only)

    def ask(look: Look) -> tuple[str | None, str | None]:
        names = Names(look)
        found = _project(names, wish.project)
        for kind in kinds:
            demand_reach(actor, kind, found)
        return found, None if found is None else names.of_project(found)

    return _Begun(office, actor, kinds, *office.read(actor, ask))


def _project(names: Names, wanted: str | None) -> str | None:
    if wanted is None:
        return None
    try:
        found = names.find_project(wanted)
    except Ambiguous:
        mend = "give the id of the one you mean"
        raise Invalid([Problem("project", "fits several projects", mend)]) from None
    if found is None:
        raise unknown_project()
    return found


def _yaml(begun: _Begun) -> Iterator[str]:
    yield _HEAD + write_yaml({VERSION: FORMAT})
    if begun.project is not None:
        yield write_yaml({PROJECT: begun.project})
    for kind in begun.kinds:
        is_empty = True
        for page in _pages(begun, kind):
            head = f"\n{kind.section}:\n" if is_empty else ""
            is_empty = False
            yield head + "".join(map(_block, page))
        if is_empty:
            yield f"\n{kind.section}: []\n"


def _block(told: _Told) -> str:
    comment = f"# {told.comment}\n" if told.comment else ""
    return comment + write_yaml([told.entry])


def _json(begun: _Begun) -> Iterator[str]:
    head: dict[str, Plain] = {VERSION: FORMAT}
    if begun.project is not None:
        head[PROJECT] = begun.project
    yield json.dumps(head, ensure_ascii=False)[:-1]
    for kind in begun.kinds:
        yield f', "{kind.section}": ['
        between = ""
        for page in _pages(begun, kind):
            yield between + ", ".join(json.dumps(t.entry, ensure_ascii=False) for t in page)
            between = ", "
        yield "]"
    yield "}\n"


def _pages(begun: _Begun, kind: Kind) -> Iterator[list[_Told]]:
    """Pages of entries, each read in a transaction of its own."""
    after: str | None = None
    while True:
        read = _reader(begun, kind, after)
        after, told = begun.office.read(begun.actor, read)
        if told:
            yield told
        if after is None:
            return


def _reader(
    begun: _Begun, kind: Kind, after: str | None
) -> Callable[[Look], tuple[str | None, list[_Told]]]:
    equals = kind.equals(begun.actor.organization_id, begun.project_id)

    def read(look: Look) -> tuple[str | None, list[_Told]]:
        rows = look.tx.stretch(
            kind.entity, after=after or "", limit=PAGE, within=None, either=None, **equals
        )
        listed = [row for row in kind.listed(look, rows) if kind.wished(row)]
        teller = _Teller(look, begun.project_id)
        more = rows[-1].id if len(rows) == PAGE else None
        return more, teller.told(kind, listed)

    return read


class _Teller:
    """Tells rows as entries, in one transaction."""

    def __init__(self, look: Look, project_id: str | None) -> None:
        self._look = look
        self._names = Names(look)
        self._project_id = project_id

    def told(self, kind: Kind, rows: Sequence[Any]) -> list[_Told]:
        """Entries, with what hangs on each."""
        if not rows:
            return []
        states = kind.tell(self._look, rows)
        hints = kind.hint(self._look, rows) if kind.hint else {}
        found = []
        for row, state in zip(rows, states, strict=True):
            if not kind.is_in(state, self._project_id):
                continue
            entry = self._named(kind, row, state) | self._entry(kind, state)
            for child in kind.children:
                below = self._below(child, row.id)
                if below:
                    entry[child.section] = below
            found.append(_Told(entry, hints.get(row.id, "")))
        return found

    def _named(self, kind: Kind, row: Any, state: State) -> dict[str, Plain]:  # noqa: ANN401 - an entity
        """The id, where the entry's own names would lead to another row as well."""
        sure = list(kind.find(self._look, state)) == [row.id]
        return {} if sure else {"id": row.id}

    def _entry(self, kind: Kind, state: State) -> dict[str, Plain]:
        home = state.get("project") or ""

        def name(section: str, id: Plain, _place: str) -> Plain:
            return self._names.of(section, id, home)

        entry = {}
        for one in kind.fields:
            if one.name == kind.parent or (one.name == "project" and self._project_id):
                continue
            value = state[one.name]
            if one.needed or value != one.usual(state):
                entry[one.name] = one.swapped(value, name)
        return entry

    def _below(self, kind: Kind, parent_id: str) -> list[dict[str, Plain]]:
        rows = self._look.tx.find(kind.entity, **{f"{kind.parent}_id": parent_id})
        rows.sort(key=lambda row: (row.position, row.id))
        states = kind.tell(self._look, rows)
        for index, state in enumerate(states):
            state["+position"] = (index + 1) * 10
        return [self._entry(kind, state) for state in states]

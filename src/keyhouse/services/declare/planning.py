"""From a document to a plan: each entry finds its row, or asks for a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import Project
from keyhouse.core.upstream_headers import plain_name
from keyhouse.core.validation import Problem
from keyhouse.services.declare.document import Document, read_document, read_entry
from keyhouse.services.declare.forms import Plain, Wrong
from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.names import Ambiguous, Names
from keyhouse.services.declare.pruning import Kept, leftovers
from keyhouse.services.declare.reach import demand_reach, demand_scopes, unknown_project
from keyhouse.services.declare.register import NEW, Register
from keyhouse.services.declare.steps import (
    Action,
    FieldChange,
    MissingValue,
    Plan,
    Step,
    fingerprint_of,
)
from keyhouse.services.declare.table import KINDS
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Look

STEPS_MAX: Final = 10_000
PROBLEMS_MAX: Final = 200
"""More would be read by nobody."""


def make_plan(look: Look, raw: Plain, *, prune: bool) -> Plan:
    """What makes things be as the document says, on one snapshot.

    With `prune` what the document's sections leave out goes. Raises Invalid
    with all that is wrong, each with its place in the file, and Forbidden where
    the actor may not read what the document is about.
    """
    return _Planner(look, read_document(raw)).plan(prune=prune)


@dataclass(slots=True)
class _Entry:
    """An entry on its way: `ref` is its row's id, or stands for the row to be made."""

    kind: Kind
    place: str
    state: State
    ref: str
    row: Any
    before: State | None
    rivals: int = 0


class _Planner:
    def __init__(self, look: Look, document: Document) -> None:
        self._look = look
        self._document = document
        self._names = Names(look)
        self._register = Register(self._names)
        self._problems: list[Problem] = []
        self._steps: list[Step] = []
        self._missing: list[MissingValue] = []
        self._unchanged = 0
        self._home: str | None = None

    def plan(self, *, prune: bool) -> Plan:
        """The whole plan."""
        named = self._document.sections
        demand_scopes(self._look.actor, (one for one in KINDS if one.section in named))
        self._begin_in_project()
        for kind in KINDS:
            if kind.in_project and self._home is None:
                self._home = self._find_home()
            raws = self._document.sections.get(kind.section)
            if raws is None:
                continue
            demand_reach(self._look.actor, kind, self._bound())
            self._section(kind, raws, kind.section, None)
        if self._problems:
            raise Invalid(self._problems[:PROBLEMS_MAX])
        if prune:
            kept = Kept(self._register.taken, self._register.referred, self._loose())
            for step in leftovers(self._look, self._document, self._bound(), kept):
                self._add(step)
        steps = tuple(self._steps)
        return Plan(steps, self._unchanged, tuple(self._missing), fingerprint_of(steps))

    def _loose(self) -> set[str]:
        """The ids of rows that the steps have refer to other things than now."""
        return {
            step.id
            for step in self._steps
            if step.id is not None
            for one in step.kind.fields
            if one.name in step.before and (one.refers or one.nested)
        }

    def _begin_in_project(self) -> None:
        """A file for one project is read in it; the file itself may yet make it."""
        name = self._document.project
        if name is None:
            return
        if len(self._document.sections.get("projects", ())) > 1:
            mend = "leave out the others, or the project at its top"
            raise Invalid([Problem("projects", "holds more than the file's one", mend)])
        try:
            self._home = self._names.find_project(name)
        except Ambiguous:
            mend = "write the id of the one you mean"
            raise Invalid([Problem("project", "fits several projects", mend)]) from None

    def _bound(self) -> str | None:
        """The project that the document is about, None for the whole organization."""
        return None if self._document.project is None else self._home or NEW

    def _section(
        self, kind: Kind, raws: Sequence[Plain], where: str, parent: _Entry | None
    ) -> None:
        for index, raw in enumerate(raws):
            place = f"{where}[{index}]"
            try:
                entry = self._entry(kind, raw, place, index, parent)
                self._compare(entry)
            except Wrong as wrong:
                self._problems += wrong.problems
                continue
            for child in kind.children:
                below = raw.get(child.section) or []
                at = f"{place}.{child.section}"
                if isinstance(below, list):
                    self._section(child, below, at, entry)
                else:
                    self._problems.append(Problem(at, "is no list", "write a list"))

    def _entry(
        self, kind: Kind, raw: Plain, place: str, index: int, parent: _Entry | None
    ) -> _Entry:
        id, state = read_entry(kind, raw, place, index)
        if parent is not None:
            state[kind.parent] = parent.ref
        self._resolve(kind, state, place)
        found = self._rows(kind, state, id, place)
        free = [one for one in found if one not in self._register.taken]
        row_id = self._chosen(kind, state, found, free, place)
        row = None if row_id is None else self._look.tx.get(kind.entity, row_id)
        before = None if row is None else kind.tell(self._look, [row])[0]
        ref = NEW + place if row_id is None else row_id
        self._register.add(kind, state, ref, is_row=row_id is not None)
        return _Entry(kind, place, state, ref, row, before, len(found))

    def _resolve(self, kind: Kind, state: State, place: str) -> None:
        """Ids for names. The project comes first, for others are looked up in it."""
        if kind.in_project:
            state["project"] = self._project(state["project"], place)
        project = state.get("project") or ""
        problems: list[Problem] = []

        def swap(section: str, text: Plain, field: str) -> Plain:
            if section == "organizations":
                return self._look.actor.organization_id
            try:
                return self._found(section, project, text, f"{place}.{field}")
            except Wrong as wrong:
                problems.extend(wrong.problems)
                return text

        for one in kind.fields:
            if one.name not in ("project", kind.parent):
                state[one.name] = one.swapped(state[one.name], swap)
        if problems:
            raise Wrong(*problems)

    def _found(self, section: str, project: str, text: str, place: str) -> str:
        one = section.removesuffix("s")
        try:
            found = self._register.find(section, project, text)
        except Ambiguous:
            mend = "write the id of the one you mean"
            raise Wrong(Problem(place, f"fits several {section}", mend)) from None
        if found is None:
            mend = f"name one that is there, or add it to {section}"
            raise Wrong(Problem(place, f"is no {one} that is known", mend))
        return found

    def _project(self, text: str | None, place: str) -> str:
        if text is None:
            if self._home is None:
                mend = "name one here, or at the top for all"
                raise Wrong(Problem(f"{place}.project", "is needed", mend))
            return self._home
        found = self._found("projects", "", text, f"{place}.project")
        if self._document.project is not None and found != self._home:
            mend = "leave it out, or take the project from the top of the file"
            raise Wrong(Problem(f"{place}.project", "is not that of the file", mend))
        return found

    def _find_home(self) -> str | None:
        """The project for entries that name none: the file's, or the only one."""
        if self._document.project is not None:
            found = self._register.find("projects", "", self._document.project)
            if found is None:
                raise Invalid([*self._problems, *unknown_project().problems])
            return found
        organization = self._look.actor.organization_id
        page = self._look.tx.page(
            Project, after=None, limit=2, organization_id=organization
        )
        only = [row.id for row in page.rows]
        made = [r for r in self._register.of_section("projects") if r.startswith(NEW)]
        return only[0] if len(only) == 1 and not made else None

    def _rows(self, kind: Kind, state: State, id: str | None, place: str) -> Sequence[str]:
        """The ids of rows that the entry may mean."""
        if id is not None:
            row = self._look.tx.get(kind.entity, id) if ids.is_id(id, kind.prefix) else None
            whose = getattr(row, "organization_id", None)
            if whose != self._look.actor.organization_id or not kind.listed(row):
                mend = "leave it out: an entry is then found by its name, or made"
                raise Wrong(Problem(f"{place}.id", f"is no {kind.one} of yours", mend))
            return [id]
        texts = [state[name] for name in kind.identity]
        if any(isinstance(one, str) and one.startswith(NEW) for one in texts):
            return []
        if any(isinstance(one, str) and not one.isprintable() for one in texts):
            return []
        return kind.find(self._look, state)

    def _chosen(
        self,
        kind: Kind,
        state: State,
        found: Sequence[str],
        free: Sequence[str],
        place: str,
    ) -> str | None:
        """The row that the entry means, None for one to be made.

        Routes may be alike: they are then taken in their order.
        """
        named = f"{place}.{kind.identity[-1]}" if kind.parent else place
        if found and not free:
            raise Wrong(Problem(named, "is there twice", "leave one of the two out"))
        if len(found) > 1 and not kind.parent:
            mend = "write the id of the one you mean"
            raise Wrong(Problem(place, f"fits several {kind.section}", mend))
        if not found and self._register.has(kind, state):
            raise Wrong(Problem(named, "is there twice", "leave one of the two out"))
        return free[0] if free else None

    def _compare(self, entry: _Entry) -> None:
        self._tell_missing(entry)
        if entry.before is None:
            self._add(self._creation(entry))
            return
        differing = entry.kind.differing(entry.before, entry.state)
        fixed = [one for one in differing if one.fixed]
        if fixed:
            mend = f"put it back, or make another {entry.kind.one}"
            raise Wrong(
                *(
                    Problem(f"{entry.place}.{f.name}", "cannot be changed", mend)
                    for f in fixed
                )
            )
        needs = self._needs(entry)
        if not differing:
            self._unchanged += 1
            return
        fields = tuple(
            FieldChange(
                one.name,
                one.swapped(entry.before[one.name], self._told),
                one.swapped(entry.state[one.name], self._told),
            )
            for one in differing
        )
        names = [one.name for one in differing]
        self._add(
            Step(
                action=Action.CHANGE,
                kind=entry.kind,
                name=entry.kind.title(entry.state),
                place=entry.place,
                id=entry.ref,
                fields=fields,
                before={name: entry.before[name] for name in names},
                after={name: entry.state[name] for name in names},
                needs=needs,
            )
        )

    def _creation(self, entry: _Entry) -> Step:
        fields = tuple(
            FieldChange(one.name, None, one.swapped(entry.state[one.name], self._told))
            for one in entry.kind.fields
            if one.name != entry.kind.parent
            and not one.shown_alone
            and (one.needed or entry.state[one.name] != one.usual(entry.state))
        )
        return Step(
            action=Action.CREATE,
            kind=entry.kind,
            name=entry.kind.title(entry.state),
            place=entry.place,
            id=None,
            fields=fields,
            before={},
            after={one.name: entry.state[one.name] for one in entry.kind.fields},
            rivals=entry.rivals,
            needs=self._needs(entry),
        )

    def _told(self, section: str, ref: Plain, _place: str) -> Plain:
        if isinstance(ref, str) and ref.startswith(NEW):
            return self._register.title(ref)
        return self._names.of(section, ref)

    def _needs(self, entry: _Entry) -> tuple[int, ...]:
        """The steps of what the entry refers to."""
        found: dict[str, None] = {}

        def note(_section: str, ref: Plain, _place: str) -> Plain:
            found[str(ref)] = None
            self._register.referred.add(str(ref))
            return ref

        for one in entry.kind.fields:
            one.swapped(entry.state[one.name], note)
        return tuple(sorted({step for ref in found for step in self._register.steps(ref)}))

    def _tell_missing(self, entry: _Entry) -> None:
        """Headers whose names are in the file, and whose values are not here."""
        wanted = entry.state.get("headers", [])
        held = {plain_name(one) for one in (entry.before or {}).get("headers", [])}
        name = entry.kind.title(entry.state)
        self._missing += [
            MissingValue(name, one) for one in wanted if plain_name(one) not in held
        ]

    def _add(self, step: Step) -> None:
        if len(self._steps) >= STEPS_MAX:
            mend = "apply the file in parts, a section or project at a time"
            told = f"takes more than {STEPS_MAX} steps"
            raise Invalid([Problem("document", told, mend)])
        ref = step.id or NEW + step.place
        self._register.note_step(ref, len(self._steps))
        self._steps.append(step)

"""From a document to a plan: each entry finds its row, or asks for a new one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from keyhouse.core.upstream_headers import plain_name
from keyhouse.core.validation import Problem
from keyhouse.services.declare.comparing import Comparing, Entry, demand_same
from keyhouse.services.declare.document import Document, read_document, read_entry
from keyhouse.services.declare.forms import Plain, Wrong
from keyhouse.services.declare.kinds import Field, Kind
from keyhouse.services.declare.names import Names
from keyhouse.services.declare.pruning import Kept, leftovers
from keyhouse.services.declare.reach import demand_reach, demand_scopes
from keyhouse.services.declare.register import NEW, Register
from keyhouse.services.declare.resolving import Resolver
from keyhouse.services.declare.steps import MissingValue, Plan, Step, fingerprint_of
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
    document = read_document(raw)
    named = document.sections
    demand_scopes(look.actor, (one for one in KINDS if one.section in named))
    return _Planner(look, document).plan(prune=prune)


class _Planner:
    def __init__(self, look: Look, document: Document) -> None:
        self._look = look
        self._document = document
        names = Names(look)
        self._register = Register(names)
        self._resolver = Resolver(look, document, names, self._register)
        self._comparing = Comparing(names, self._register)
        self._problems: list[Problem] = []
        self._steps: list[Step] = []
        self._late: list[tuple[Entry, list[Field]]] = []
        self._missing: list[MissingValue] = []
        self._unchanged = 0

    def plan(self, *, prune: bool) -> Plan:
        """The whole plan."""
        for kind in KINDS:
            if kind.in_project:
                self._resolver.find_home(self._problems)
            raws = self._document.sections.get(kind.section)
            if raws is None:
                continue
            demand_reach(self._look.actor, kind, self._resolver.bound)
            self._section(kind, raws, kind.section, None)
        if self._problems:
            raise Invalid(self._problems[:PROBLEMS_MAX])
        for entry, fields in self._late:
            needs = tuple(self._register.steps(entry.ref))
            self._add(self._comparing.change(entry, fields, needs))
        if prune:
            self._prune()
        steps = tuple(self._steps)
        return Plan(steps, self._unchanged, tuple(self._missing), fingerprint_of(steps))

    def _prune(self) -> None:
        """Take away what is left out: last, as others refer to it, or where it would

        stand in the way of what is new, first.
        """
        kept = Kept(self._register.taken, self._register.referred, self._loose())
        bound = self._resolver.bound
        first: list[Step] = []
        for step in leftovers(self._look, self._document, bound, kept):
            if step.kind.goes_first:
                first.append(step)
            else:
                self._add(step)
        by = len(first)
        if by + len(self._steps) > STEPS_MAX:
            raise _too_long()
        self._steps = [
            *first,
            *(replace(one, needs=tuple(n + by for n in one.needs)) for one in self._steps),
        ]

    def _loose(self) -> set[str]:
        """The ids of rows that the steps have refer to other things than now."""
        return {
            step.id
            for step in self._steps
            if step.id is not None
            for one in step.kind.fields
            if one.name in step.before and (one.refers or one.nested)
        }

    def _section(
        self, kind: Kind, raws: Sequence[Plain], where: str, parent: Entry | None
    ) -> None:
        for index, raw in enumerate(raws):
            place = f"{where}[{index}]"
            try:
                entry = self._entry(kind, raw, place, index, parent)
                self._compare(entry, parent)
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
        self, kind: Kind, raw: Plain, place: str, index: int, parent: Entry | None
    ) -> Entry:
        id, state = read_entry(kind, raw, place, index)
        if parent is not None:
            state[kind.parent] = parent.ref
        self._resolver.resolve(kind, state, place)
        state = kind.settle(self._look, state)
        found = self._resolver.rows(kind, state, id, place)
        row_id = self._resolver.chosen(kind, state, found, place)
        row = None if row_id is None else self._look.tx.get(kind.entity, row_id)
        before = None if row is None else kind.tell(self._look, [row])[0]
        ref = NEW + place if row_id is None else row_id
        title = self._comparing.title(kind, state)
        self._register.add(kind, state, ref, title, is_row=row_id is not None)
        return Entry(kind, place, state, ref, row, before, len(found))

    def _compare(self, entry: Entry, parent: Entry | None) -> None:
        self._tell_missing(entry)
        differing = entry.kind.differing(entry.before or entry.start, entry.state)
        if entry.before is not None:
            demand_same(entry, differing)
        needs = self._comparing.needs(entry)
        late = [one for one in differing if one.late and entry.state[one.name]]
        now = [one for one in differing if one not in late]
        if entry.before is None:
            self._add(self._comparing.creation(entry, needs), parent)
        elif now:
            self._add(self._comparing.change(entry, now, needs), parent)
        elif not late:
            self._unchanged += 1
        if late:
            self._late.append((entry, late))

    def _tell_missing(self, entry: Entry) -> None:
        """Headers whose names are in the file, and whose values are not here."""
        wanted = entry.state.get("headers", [])
        held = {plain_name(one) for one in (entry.before or {}).get("headers", [])}
        name = entry.kind.title(entry.state)
        self._missing += [
            MissingValue(name, one) for one in wanted if plain_name(one) not in held
        ]

    def _add(self, step: Step, parent: Entry | None = None) -> None:
        if len(self._steps) >= STEPS_MAX:
            raise _too_long()
        number = len(self._steps)
        self._register.note_step(step.id or NEW + step.place, number)
        if parent is not None:
            # What refers to an API may name its routes.
            self._register.note_step(parent.ref, number)
        self._steps.append(step)


def _too_long() -> Invalid:
    mend = "apply the file in parts, a section or project at a time"
    return Invalid([Problem("document", f"takes more than {STEPS_MAX} steps", mend)])

"""What an entry means: ids for the names in it, and the row that it is about."""

from collections.abc import Sequence
from typing import Final

from keyhouse.core import ids
from keyhouse.core.entities import Project
from keyhouse.core.validation import Problem
from keyhouse.services.declare.document import Document
from keyhouse.services.declare.forms import Plain, Wrong
from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.names import Ambiguous, Names
from keyhouse.services.declare.reach import unknown_project
from keyhouse.services.declare.register import NEW, Register
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Look

_SEVERAL: Final = "write the id of the one you mean"


class Resolver:
    """Of one document; `register` holds the entries that were read so far."""

    def __init__(
        self, look: Look, document: Document, names: Names, register: Register
    ) -> None:
        self._look = look
        self._document = document
        self._names = names
        self._register = register
        self._home: str | None = None
        self._begin_in_project()

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
            raise Invalid([Problem("project", "fits several projects", _SEVERAL)]) from None

    @property
    def bound(self) -> str | None:
        """The project that the document is about, None for the whole organization."""
        return None if self._document.project is None else self._home or NEW

    def find_home(self, problems: Sequence[Problem]) -> None:
        """Find the project for entries that name none: the file's, or the only one.

        Raises Invalid, with these problems too, where the file's is not known.
        """
        if self._home is not None:
            return
        if self._document.project is not None:
            self._home = self._register.find("projects", "", self._document.project)
            if self._home is None:
                raise Invalid([*problems, *unknown_project().problems])
            return
        organization = self._look.actor.organization_id
        page = self._look.tx.page(
            Project, after=None, limit=2, organization_id=organization
        )
        only = [row.id for row in page.rows]
        made = [r for r in self._register.of_section("projects") if r.startswith(NEW)]
        self._home = only[0] if len(only) == 1 and not made else None

    def resolve(self, kind: Kind, state: State, place: str) -> None:
        """Ids for names. The project comes first, for others are looked up in it."""
        if kind.in_project:
            state["project"] = self._project(kind, state["project"], place)
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
            raise Wrong(Problem(place, f"fits several {section}", _SEVERAL)) from None
        if found is None:
            mend = f"name one that is there, or add it to {section}"
            raise Wrong(Problem(place, f"is no {one} that is known", mend))
        return found

    def _project(self, kind: Kind, text: str | None, place: str) -> str | None:
        if text is None:
            if kind.home_optional and self._document.project is None:
                return None
            if self._home is None:
                mend = "name one here, or at the top for all"
                raise Wrong(Problem(f"{place}.project", "is needed", mend))
            return self._home
        found = self._found("projects", "", text, f"{place}.project")
        if self._document.project is not None and found != self._home:
            mend = "leave it out, or take the project from the top of the file"
            raise Wrong(Problem(f"{place}.project", "is not that of the file", mend))
        return found

    def rows(self, kind: Kind, state: State, id: str | None, place: str) -> Sequence[str]:
        """The ids of rows that the entry may mean."""
        if id is not None:
            return [self._row(kind, id, place)]
        if _awaits(kind, state):
            return []
        if not kind.may_be_there(state):
            return []
        return kind.find(self._look, state) or self._near(kind, state)

    def _near(self, kind: Kind, state: State) -> Sequence[str]:
        """Those that no other entry means."""
        near = kind.near(self._look, state)
        return [id for id in near if id not in self._register.taken]

    def _row(self, kind: Kind, id: str, place: str) -> str:
        row = self._look.tx.get(kind.entity, id) if ids.is_id(id, kind.prefix) else None
        home = self._look.actor.organization_id
        whose = {getattr(row, name, None) for name in kind.whose}
        if whose != {home} or not kind.listed(self._look, [row]):
            mend = "leave it out: an entry is then found by its name, or made"
            raise Wrong(Problem(f"{place}.id", f"is no {kind.one} of yours", mend))
        return id

    def chosen(
        self, kind: Kind, state: State, found: Sequence[str], place: str
    ) -> str | None:
        """The row that the entry means, None for one to be made.

        Routes may be alike: they are then taken in their order.
        """
        free = [one for one in found if one not in self._register.taken]
        named = f"{place}.{kind.identity[-1]}" if kind.parent else place
        if found and not free:
            raise Wrong(Problem(named, "is there twice", "leave one of the two out"))
        if len(found) > 1 and not kind.parent:
            raise Wrong(Problem(place, f"fits several {kind.section}", _SEVERAL))
        if not found and self._register.has(kind, state):
            raise Wrong(Problem(named, "is there twice", "leave one of the two out"))
        return free[0] if free else None


def _awaits(kind: Kind, state: State) -> bool:
    """Whether an entry is found by something that is yet to be made itself.

    Of texts that refer to nothing any may begin as such a reference does.
    """
    refs = {one.name for one in kind.fields if one.refers}
    return any(str(state[name]).startswith(NEW) for name in kind.identity if name in refs)

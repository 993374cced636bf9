"""The entries of a file that were read so far, by what others call them."""

from collections import defaultdict
from typing import Final

from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.names import Ambiguous, Names

NEW: Final = "+"
"""Begins the reference to what is yet to be made; its place in the file follows."""
_IN_PROJECT: Final = ("plans", "customers", "applications")
"""What is called by a name that is its project's own."""


class Register:
    """What is in the file goes before what is in the database."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[tuple[str, str, int, str], set[str]] = defaultdict(set)
        self._steps: dict[str, list[int]] = defaultdict(list)
        self._sections: dict[str, list[str]] = defaultdict(list)
        self._identities: set[tuple[object, ...]] = set()
        self._titles: dict[str, str] = {}
        self.taken: set[str] = set()
        """The ids of all rows that an entry means."""
        self.referred: set[str] = set()
        """The ids of all rows that an entry refers to."""

    def add(self, kind: Kind, state: State, ref: str, title: str, *, is_row: bool) -> None:
        """Remember an entry. `ref` is its row's id, or NEW and its place."""
        self._identities.add(_identity(kind, state))
        self._sections[kind.section].append(ref)
        self._titles[ref] = title
        project = state["project"] if kind.section in _IN_PROJECT else ""
        for level, text in enumerate(kind.known_as(state)):
            if text is not None:
                self._known[kind.section, project, level, text].add(ref)
        if is_row:
            self.taken.add(ref)

    def has(self, kind: Kind, state: State) -> bool:
        """Whether an entry with the same identity came before."""
        return _identity(kind, state) in self._identities

    def find(self, section: str, project: str, text: str) -> str | None:
        """What an entry refers to by `text`: a row's id, or NEW and a place.

        Raises Ambiguous.
        """
        where = project if section in _IN_PROJECT else ""
        if section == "plans" and "/" in text:
            other, _, slug = text.rpartition("/")
            home = self.find("projects", "", other)
            return None if home is None else self.find(section, home, slug)
        for level in (0, 1):
            found = self._known.get((section, where, level, text))
            if found:
                if len(found) > 1:
                    raise Ambiguous
                return next(iter(found))
        return None if where.startswith(NEW) else self._names.find(section, where, text)

    def of_section(self, section: str) -> list[str]:
        """The references of all entries of a section."""
        return self._sections[section]

    def title(self, ref: str) -> str:
        """What the entry is called."""
        return self._titles[ref]

    def note_step(self, ref: str, number: int) -> None:
        """Remember a step about what is referred to."""
        self._steps[ref].append(number)

    def steps(self, ref: str) -> list[int]:
        """The numbers of the steps about it."""
        return self._steps.get(ref, [])


def _identity(kind: Kind, state: State) -> tuple[object, ...]:
    return (kind.section, *(state[name] for name in kind.identity))

"""The document of a file: its sections, as lists of entries with their places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keyhouse.core.validation import Problem
from keyhouse.services.declare.forms import Plain, Wrong, demand_known
from keyhouse.services.declare.kinds import Kind, State
from keyhouse.services.declare.table import SECTIONS
from keyhouse.services.refusals import Invalid

FORMAT: Final = 1
VERSION: Final = "keyhouse"
"""The name of the field that tells the format's version."""
PROJECT: Final = "project"
_KNOWN: Final = (VERSION, PROJECT, *SECTIONS)


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds: for all of the organization, or for one project."""

    project: str | None
    sections: Mapping[str, Sequence[Plain]]


def read_document(raw: Plain) -> Document:
    """The document. Raises Invalid with all that is wrong with its outermost level."""
    try:
        given = demand_known(raw, "", _KNOWN)
    except Wrong as wrong:
        raise Invalid(
            [p._replace(field=p.field or "document") for p in wrong.problems]
        ) from None
    problems = []
    if given.get(VERSION) != FORMAT:
        mend = f"write {VERSION}: {FORMAT} at its top"
        problems.append(Problem(VERSION, "is not the format's version", mend))
    project = given.get(PROJECT)
    if not isinstance(project, str | None):
        problems.append(Problem(PROJECT, "is no text", "name a project"))
    sections = {}
    for name in SECTIONS:
        if name not in given:
            continue
        entries = [] if given[name] is None else given[name]
        if isinstance(entries, list):
            sections[name] = entries
        else:
            problems.append(Problem(name, "is no list", "write its entries as a list"))
    if problems:
        raise Invalid(problems)
    return Document(project, sections)


def read_entry(kind: Kind, raw: Plain, place: str, index: int) -> tuple[str | None, State]:
    """An entry's id, if it has one, and its state; what it refers to is by name yet.

    Raises Wrong with all that is wrong with its form.
    """
    names = [one.name for one in kind.fields if one.name != kind.parent]
    given = demand_known(raw, place, ["id", *names, *(c.section for c in kind.children)])
    state: State = {"+position": (index + 1) * 10}
    problems: list[Problem] = []
    for one in kind.fields:
        if one.name in given:
            try:
                state[one.name] = one.form.read(given[one.name], f"{place}.{one.name}")
            except Wrong as wrong:
                problems += wrong.problems
        elif one.needed:
            told = f"an entry of {kind.section} needs it"
            problems.append(Problem(f"{place}.{one.name}", "is missing", told))
    id = given.get("id")
    if not isinstance(id, str | None):
        problems.append(Problem(f"{place}.id", "is no text", "write an id, or none"))
    if problems:
        raise Wrong(*problems)
    for one in kind.fields:
        if one.name not in given and one.name != kind.parent:
            state[one.name] = one.usual(state)
    return id, state

"""What stands in a file: a table of kinds, each with a table of its fields.

A field that is added to a service's row needs a line here, a kind a `Kind`.
The rest of the folder knows neither by name.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from keyhouse.services.declare.forms import Form, Plain
from keyhouse.services.work import Look, Work

State = dict[str, Plain]
"""An entry with all of its fields, as plain values; what it refers to by id, or by

`+place` where that entry of the file is yet to be made.
"""
Held = Mapping[str, Any]
"""An entry's fields as services take them."""


Swap = Callable[[str, Any, str], Any]
"""Takes a section, what names something there, and the field's place in the entry."""


Stays = Callable[[Look | Work, Any, AbstractSet[str]], bool]
"""Takes a row, and the ids of what refers to it no more by then."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """The secret of what was made, by its kind, id and name: here, and nowhere else."""

    kind: str
    id: str
    name: str
    secret: str = field(repr=False)


class Made(NamedTuple):
    """What was made; with its secret, if it has one."""

    id: str
    secret: NewSecret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an entry. It is left out of a file where it is as `default` says.

    `refers` is the section that its text names something in; `fixed` cannot be
    changed; `apart` is told by `Kind.tell_more`, no column of the row. What is
    `late` is switched on in a step of its own after all others, as it hinders them.
    """

    name: str
    form: Form
    default: Plain | Callable[[State], Plain] = None
    needed: bool = False
    fixed: bool = False
    refers: str | None = None
    apart: bool = False
    late: bool = False
    column: str | None = None
    shown_alone: bool = False
    """It is told, and no command writes it."""
    nested: Callable[[Plain, Swap], Plain] | None = None
    """Puts another text for each name or id that is deeper in the value."""

    def swapped(self, value: Plain, swap: Swap) -> Plain:
        """The value with another text for each thing that it names."""
        if self.nested is not None:
            return self.nested(value, swap)
        if self.refers is None or value is None:
            return value
        return swap(self.refers, value, self.name)

    def usual(self, state: State) -> Plain:
        """What it is where the file says nothing."""
        return self.default(state) if callable(self.default) else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A section of the file.

    `title` names an entry to people. `find` gives the ids of the rows that an
    entry without an id may mean: one, or none, or several; where none is, it may
    mean those that are `near`. `settle` tells what the file's entry comes to as
    things are now. `make`, `change` and `remove` are commands of services.
    `stays` is why a row cannot be removed: it is then disabled instead, by its
    field `off`; what is `loose` refers to it no more by then. Where it
    `is_put_away`, removing it leaves its row; where it `goes_first`, that is done
    before all else. `listed` are those of some rows that a file
    is about at all, `wished` those of them that an export tells, `owned` those
    that pruning may take away. `known_as` are the texts by which others may refer
    to it, the surest first. `whose` are the columns of its organization, and
    `place` that of its project; None where only its state tells. One whose
    `home` is optional may be in no project.
    """

    section: str
    one: str
    prefix: str
    entity: type[Any]
    fields: tuple[Field, ...]
    read_scope: str
    write_scope: str
    title: Callable[[State], str]
    find: Callable[[Look | Work, State], Sequence[str]]
    near: Callable[[Look | Work, State], Sequence[str]] = lambda _at, _state: ()
    settle: Callable[[Look, State], State] = lambda _look, state: state
    identity: tuple[str, ...]
    make: Callable[[Work, Held], Made]
    change: Callable[[Work, Any, Held], None]
    remove: Callable[[Work, Any], None]
    known_as: Callable[[State], Sequence[str | None]] = lambda _state: ()
    tell_more: Callable[[Look | Work, Sequence[Any]], list[State]] | None = None
    stays: Stays = lambda _at, _row, _loose: False
    is_put_away: bool = False
    goes_first: bool = False
    off: str = "disabled"
    owned: Callable[[Look | Work, Any], bool] = lambda _at, _row: True
    listed: Callable[[Look | Work, Sequence[Any]], Sequence[Any]] = lambda _at, rows: rows
    wished: Callable[[Any], bool] = lambda _row: True
    in_project: bool = True
    home_optional: bool = False
    whose: tuple[str, ...] = ("organization_id",)
    place: str | None = "project_id"
    children: "tuple[Kind, ...]" = field(default=())
    parent: str = ""
    hint: Callable[[Look | Work, Sequence[Any]], Mapping[str, str]] | None = None

    def equals(self, organization_id: str, project_id: str | None) -> dict[str, object]:
        """The columns of rows of an organization or of one project in it."""
        found: dict[str, object] = dict.fromkeys(self.whose, organization_id)
        if project_id is not None and self.place is not None:
            found[self.place] = project_id
        return found

    def may_be_there(self, state: State) -> bool:
        """Whether a row could have what it is found by; other text reaches no database."""
        texts = [state[name] for name in self.identity]
        return all(one.isprintable() for one in texts if isinstance(one, str))

    def is_in(self, state: State, project_id: str | None) -> bool:
        """Whether a row is of that project, as far as its columns do not tell it."""
        return self.place is not None or project_id in (None, state["project"])

    def titled(self, state: State, swap: Swap) -> str:
        """What an entry is called, with another text for each thing that it names."""
        named = {
            one.name: one.swapped(state[one.name], swap)
            for one in self.fields
            if one.refers
        }
        return self.title({**state, **named})

    def tell(self, at: Look | Work, rows: Sequence[Any]) -> list[State]:
        """The states of rows."""
        more = self.tell_more(at, rows) if self.tell_more else [{} for _ in rows]
        return [
            {
                one.name: own[one.name]
                if one.apart
                else one.form.tell(getattr(row, one.column or one.name))
                for one in self.fields
            }
            for row, own in zip(rows, more, strict=True)
        ]

    def held(self, state: State) -> Held:
        """All that a command writes, as it takes it."""
        return {
            one.name: one.form.hold(state[one.name])
            for one in self.fields
            if one.name in state and not one.shown_alone
        }

    def differing(self, before: State, after: State) -> list[Field]:
        """The fields that are not the same."""
        return [
            one
            for one in self.fields
            if not one.shown_alone
            and one.form.key(before[one.name]) != one.form.key(after[one.name])
        ]

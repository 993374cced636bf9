"""What an entry and its row differ in, as steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keyhouse.core.validation import Problem
from keyhouse.services.declare.forms import Plain, Wrong
from keyhouse.services.declare.kinds import Field, Kind, State, Swap
from keyhouse.services.declare.names import Names
from keyhouse.services.declare.register import NEW, Register
from keyhouse.services.declare.steps import Action, FieldChange, Step


@dataclass(slots=True)
class Entry:
    """An entry on its way: `ref` is its row's id, or stands for the row to be made."""

    kind: Kind
    place: str
    state: State
    ref: str
    row: Any
    before: State | None
    rivals: int = 0

    @property
    def start(self) -> State:
        """As its row is, or as one begins that is yet to be made."""
        if self.before is not None:
            return self.before
        late = (one for one in self.kind.fields if one.late)
        return {**self.state, **{one.name: one.usual(self.state) for one in late}}


class Comparing:
    """Tells steps, with names for what they refer to."""

    def __init__(self, names: Names, register: Register) -> None:
        self._names = names
        self._register = register

    def needs(self, entry: Entry) -> tuple[int, ...]:
        """The steps of what the entry refers to, which is noted as referred to."""
        found: dict[str, None] = {}

        def note(_section: str, ref: Plain, _place: str) -> Plain:
            found[str(ref)] = None
            self._register.referred.add(str(ref))
            return ref

        for one in entry.kind.fields:
            one.swapped(entry.state[one.name], note)
        return tuple(sorted({step for ref in found for step in self._register.steps(ref)}))

    def creation(self, entry: Entry, needs: tuple[int, ...]) -> Step:
        """The step that makes what an entry describes; what is late is not yet so."""
        kind, state = entry.kind, entry.start
        told = self._teller(entry)
        fields = tuple(
            FieldChange(one.name, None, one.swapped(state[one.name], told))
            for one in kind.fields
            if one.name != kind.parent
            and not one.shown_alone
            and (one.needed or state[one.name] != one.usual(state))
        )
        return Step(
            action=Action.CREATE,
            kind=kind,
            name=kind.titled(state, told),
            place=entry.place,
            id=None,
            fields=fields,
            before={},
            after={one.name: state[one.name] for one in kind.fields},
            rivals=entry.rivals,
            needs=needs,
        )

    def change(self, entry: Entry, fields: Sequence[Field], needs: tuple[int, ...]) -> Step:
        """The step that changes these fields."""
        told, start = self._teller(entry), entry.start
        names = [one.name for one in fields]
        return Step(
            action=Action.CHANGE,
            kind=entry.kind,
            name=entry.kind.titled(entry.state, told),
            place=entry.place,
            id=None if entry.before is None else entry.ref,
            fields=tuple(
                FieldChange(
                    one.name,
                    one.swapped(start[one.name], told),
                    one.swapped(entry.state[one.name], told),
                )
                for one in fields
            ),
            before={name: start[name] for name in names},
            after={name: entry.state[name] for name in names},
            needs=needs,
        )

    def title(self, kind: Kind, state: State) -> str:
        """What an entry is called."""
        return kind.titled(state, self._named_in(state.get("project") or ""))

    def _teller(self, entry: Entry) -> Swap:
        return self._named_in(entry.state.get("project") or "")

    def _named_in(self, home: str) -> Swap:
        def told(section: str, ref: Plain, _place: str) -> Plain:
            if isinstance(ref, str) and ref.startswith(NEW):
                return self._register.title(ref)
            return self._names.of(section, ref, home)

        return told


def demand_same(entry: Entry, differing: Sequence[Field]) -> None:
    """Raise Wrong where a field differs that cannot be changed."""
    fixed = [one for one in differing if one.fixed]
    if fixed:
        mend = f"put it back, or make another {entry.kind.one}"
        raise Wrong(
            *(
                Problem(f"{entry.place}.{one.name}", "cannot be changed", mend)
                for one in fixed
            )
        )

"""A plan: what is to be done, in order, so that things are as a file says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from keyhouse.services.declare.forms import Plain
from keyhouse.services.declare.kinds import Kind, State


class Action(StrEnum):
    """What a step does. What keys were made for is disabled where it would be removed."""

    CREATE = "create"
    CHANGE = "change"
    DISABLE = "disable"
    REMOVE = "remove"


class FieldChange(NamedTuple):
    """A field as it is and as it shall be, with names for ids."""

    field: str
    before: Plain
    after: Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command. `place` is where the file asks for it, '' for what it leaves out.

    `fields` is what people are told; `before` and `after` hold the same with
    ids, as far as they differ, and all of what is to be made. `rivals` is how
    many rows fitted what is to be made when the plan was made. `needs` are the
    numbers of steps that come first.
    """

    action: Action
    kind: Kind
    name: str
    place: str
    id: str | None
    fields: tuple[FieldChange, ...] = ()
    before: State
    after: State
    rivals: int = 0
    needs: tuple[int, ...] = ()

    @property
    def is_late(self) -> bool:
        """Whether it changes what a step before it makes, at the same place."""
        return self.action is Action.CHANGE and self.id is None


class MissingValue(NamedTuple):
    """A header for an upstream that the file names and that has no value here."""

    api: str
    header: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps; how many entries are as they should be; and what stays to be done by

    hand. `fingerprint` is that of the steps, of what they were made from and of
    what they met: an equal one means that the same will be done.
    """

    steps: tuple[Step, ...]
    unchanged: int
    missing: tuple[MissingValue, ...]
    fingerprint: str

    def count(self, action: Action) -> int:
        """How many steps do that."""
        return sum(step.action is action for step in self.steps)


def fingerprint_of(steps: Sequence[Step]) -> str:
    """A hash of all that the steps will do, and of what they were planned on."""
    told = [
        [
            step.action.value,
            step.kind.section,
            step.place,
            step.id,
            [list(one) for one in step.fields],
            step.before,
            step.after,
            step.rivals,
        ]
        for step in steps
    ]
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()

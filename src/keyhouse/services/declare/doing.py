"""Doing a plan's steps, by the commands of the services they belong to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from keyhouse.core.entities import Organization
from keyhouse.core.validation import Problem
from keyhouse.ports import Clash, Conflict
from keyhouse.services.declare.forms import Plain
from keyhouse.services.declare.kinds import NewSecret, State
from keyhouse.services.declare.register import NEW
from keyhouse.services.declare.steps import Action, Step
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.work import Work

_TICK_US: Final = 1_000
"""Ids sort by the millisecond: so what a file lists first is told first."""
_NUMBER: Final = re.compile(r"\.(\d+)(?=\.|$)")
_AMOUNT: Final = ".amount"
"""What services call the number of a limit; a file says rate or quota."""
_MENDS: Final = {
    Clash.TAKEN: "choose another",
    Clash.MISSING: "it may be gone since the plan was made",
    Clash.NEEDED: "take away first what refers to it",
}


class Overtaken(Taken):
    """Somebody changed what the plan was made on."""

    def __init__(self, step: Step) -> None:
        what = f"{step.kind.one} {step.name}"
        mend = "have the plan made anew, and look at it"
        super().__init__("plan", f"does not fit any more: {what} was changed", mend)


@dataclass(slots=True)
class Doing:
    """What came of the steps so far: the ids of what was made, by place, and secrets."""

    made: dict[str, str] = field(default_factory=dict)
    secrets: list[NewSecret] = field(default_factory=list)


def do_steps(work: Work, steps: Sequence[Step], before: Mapping[str, str]) -> Doing:
    """Do steps in one transaction; `before` are the ids of what was made in others.

    All are tried, so that all problems are told at once. Raises Invalid with
    them, Overtaken, and Forbidden.
    """
    # Two at once in an organization take turns, and neither makes what the other made.
    work.tx.get(Organization, work.actor.organization_id)
    doing = Doing(dict(before))
    problems: list[Problem] = []
    failed: set[str] = set()
    for number, step in enumerate(steps):
        about = {NEW + step.place} if step.is_late else set()
        if failed & {*about, *_refs(step)}:
            failed.add(NEW + step.place)
            continue
        later = replace(work, now_us=work.now_us + number * _TICK_US)
        found = _tried(later, step, doing)
        if found:
            failed.add(NEW + step.place)
            problems += found
    if problems:
        raise Invalid(problems)
    return doing


def _tried(work: Work, step: Step, doing: Doing) -> list[Problem]:
    """Do a step; what its command refused, with the place in the file."""
    try:
        _do(work, step, doing)
    except Invalid as invalid:
        return [_placed(step, problem) for problem in invalid.problems]
    except Overtaken:
        raise
    except Taken as taken:
        return [_placed(step, taken.problem)]
    except NotFound as missing:
        mend = "use a key that manages it"
        return [Problem(_where(step), f"needs a {missing.what} beyond your reach", mend)]
    except Conflict as conflict:
        clash = conflict.clash
        return [_placed(step, Problem(conflict.field, clash.value, _MENDS[clash]))]
    return []


def _do(work: Work, step: Step, doing: Doing) -> None:
    kind = step.kind
    after = _with_ids(step, doing.made)
    if step.action is Action.CREATE:
        rivals = kind.find(work, after) if kind.may_be_there(after) else ()
        if len(rivals) != step.rivals:
            raise Overtaken(step)
        made = kind.make(work, kind.held(after))
        doing.made[NEW + step.place] = made.id
        if made.secret is not None:
            doing.secrets.append(made.secret)
        return
    row = _as_planned(work, step, doing.made)
    if step.action is Action.REMOVE:
        kind.remove(work, row)
    else:
        kind.change(work, row, kind.held(after))


def _as_planned(work: Work, step: Step, made: Mapping[str, str]) -> Any:  # noqa: ANN401 - an entity
    """The row, locked, if it is as the plan has seen it. Raises Overtaken."""
    id = step.id or made.get(NEW + step.place, "")
    row = work.tx.get(step.kind.entity, id)
    if row is None or not step.kind.listed(work, [row]):
        raise Overtaken(step)
    (state,) = step.kind.tell(work, [row])
    for name, value in step.before.items():
        if state[name] != value:
            raise Overtaken(step)
    return row


def _with_ids(step: Step, made: Mapping[str, str]) -> State:
    def swap(_section: str, ref: Plain, _place: str) -> Plain:
        return made.get(ref, ref)

    fields = {one.name: one for one in step.kind.fields}
    return {name: fields[name].swapped(value, swap) for name, value in step.after.items()}


def _refs(step: Step) -> list[str]:
    found: list[str] = []

    def note(_section: str, ref: Plain, _place: str) -> Plain:
        found.append(str(ref))
        return ref

    for one in step.kind.fields:
        if one.name in step.after:
            one.swapped(step.after[one.name], note)
    return found


def _where(step: Step) -> str:
    return step.place or f"{step.kind.section} {step.name}"


def _placed(step: Step, problem: Problem) -> Problem:
    """A command's problem, at its place in the file and in the file's own words."""
    name = _in_own_words(step, problem.field)
    known = name.split(".")[0] in {one.name for one in step.kind.fields}
    place = _NUMBER.sub(r"[\1]", f"{_where(step)}.{name}") if known else _where(step)
    reason = problem.reason if known else f"{name} {problem.reason}"
    return Problem(place, reason, problem.mend)


def _in_own_words(step: Step, name: str) -> str:
    """A field as a file has it: a limit there has a rate or a quota."""
    if not name.endswith(_AMOUNT):
        return name
    way = name.removesuffix(_AMOUNT)
    limit: Plain = step.after
    for part in way.split("."):
        limit = limit[int(part)] if part.isdecimal() else limit.get(part, {})
    return f"{way}.{'rate' if 'rate' in limit else 'quota'}"

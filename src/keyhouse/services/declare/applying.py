"""Applying a document: planned, tried and done, at once or in parts."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from keyhouse.core.validation import Problem
from keyhouse.ports import StoreUnavailable
from keyhouse.services.actor import Actor
from keyhouse.services.declare.doing import Doing, do_steps
from keyhouse.services.declare.forms import Plain
from keyhouse.services.declare.kinds import NewSecret
from keyhouse.services.declare.planning import PROBLEMS_MAX, make_plan
from keyhouse.services.declare.steps import Action, Plan, Step
from keyhouse.services.idempotency import Once, Outcome, Shaped, once, replayed
from keyhouse.services.refusals import Invalid, Refusal, Taken
from keyhouse.services.work import Office, Work

STEPS_AT_ONCE: Final = 200
"""What one transaction does: SQLite has one writer, and gateways wait for it."""


class Wish(NamedTuple):
    """`plan` is the fingerprint of the plan that was looked at, if one was."""

    prune: bool = False
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a plan was done. `problems` are why it ended before its end."""

    plan: Plan
    dry_run: bool
    done: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all is as the document says."""
        return self.done == len(self.plan.steps)


Shape = Callable[[Applied], dict[str, Any]]


def rehearse(office: Office, actor: Actor, raw: Plain, wish: Wish) -> Applied:
    """The plan, each step of it tried as it would be done, and nothing written.

    Raises Invalid with all that would be refused.
    """
    plan = office.read(actor, lambda look: make_plan(look, raw, prune=wish.prune))
    _try_all(office, actor, plan)
    return Applied(plan, dry_run=True)


def apply(
    office: Office,
    actor: Actor,
    raw: Plain,
    wish: Wish,
    shape: Shape,
    key: Once | None,
) -> Outcome:
    """Do what a document asks for, and shape what came of it; secrets are told apart.

    A plan of up to STEPS_AT_ONCE steps is done in one transaction. A longer one
    is tried first, whole, and done in parts: where a part fails, those before it
    stay, and the answer says so. Raises Taken where the plan is not the one
    that was looked at, or something changed meanwhile.
    """
    again = replayed(office, actor, key)
    if again is not None:
        return again
    plan = office.read(actor, lambda look: make_plan(look, raw, prune=wish.prune))
    if wish.plan is not None and wish.plan != plan.fingerprint:
        mend = "have the plan made anew, and look at it"
        raise Taken("plan", "is another than the one that was looked at", mend)
    return _Parts(office, actor, plan, shape, key).do()


def secrets_of(outcome: Outcome) -> list[NewSecret] | None:
    """The secrets that an outcome brought, None where it is told again."""
    if outcome.secret is None:
        return None
    return [NewSecret(**one) for one in json.loads(outcome.secret)]


class _Parts:
    """A plan on its way."""

    def __init__(
        self, office: Office, actor: Actor, plan: Plan, shape: Shape, key: Once | None
    ) -> None:
        self._office = office
        self._actor = actor
        self._plan = plan
        self._shape = shape
        self._key = key
        self._made: dict[str, str] = {}
        self._secrets: list[NewSecret] = []
        self._done = 0

    def do(self) -> Outcome:
        """All parts; the last one writes the answer that is remembered."""
        steps = self._plan.steps
        parts = [
            steps[at : at + STEPS_AT_ONCE] for at in range(0, len(steps), STEPS_AT_ONCE)
        ] or [()]
        if len(parts) > 1:
            _try_all(self._office, self._actor, self._plan)
        try:
            for part in parts[:-1]:
                self._keep(self._office.write(self._actor, self._act(part)).value, part)
            return self._finish(parts[-1])
        except Invalid as error:
            return self._broken_off(error, error.problems)
        except Taken as error:
            return self._broken_off(error, (error.problem,))
        except Refusal as error:
            problem = Problem("document", f"was refused: {error}", "apply it again")
            return self._broken_off(error, (problem,))
        except StoreUnavailable as error:
            mend = "apply it again: what is done is not done twice"
            problem = Problem("document", "could not be applied to its end", mend)
            return self._broken_off(error, (problem,))

    def _act(self, part: Sequence[Step]) -> Callable[[Work], Doing]:
        def act(work: Work) -> Doing:
            doing = do_steps(work, part, self._made)
            if part:
                work.note(
                    "declaration.apply",
                    work.actor.organization_id,
                    after={"plan": self._plan.fingerprint, "steps": len(part)},
                )
            return doing

        return act

    def _keep(self, doing: Doing, part: Sequence[Step]) -> None:
        self._made = doing.made
        self._secrets += doing.secrets
        self._done += len(part)

    def _finish(self, part: Sequence[Step]) -> Outcome:
        def shaped(doing: Doing) -> Shaped:
            applied = Applied(self._plan, False, self._done + len(part))
            secrets = _told([*self._secrets, *doing.secrets])
            return Shaped(self._shape(applied), secrets)

        return once(
            self._office, self._actor, self._act(part), shaped, status=200, key=self._key
        )

    def _broken_off(self, error: Exception, problems: Sequence[Problem]) -> Outcome:
        """What was done stays done and is told; where nothing was, the error is."""
        if not self._done:
            raise error
        applied = Applied(self._plan, False, self._done, tuple(problems[:PROBLEMS_MAX]))
        return Outcome(200, self._shape(applied), None, _told(self._secrets))


def _told(secrets: Sequence[NewSecret]) -> str:
    return json.dumps([asdict(one) for one in secrets])


class _Undone(Exception):
    """Leaves a transaction in which steps were tried."""


def _try_all(office: Office, actor: Actor, plan: Plan) -> None:
    """Do all steps and undo them: as many at once as are done at once, each with those

    before it that it needs. Raises Invalid with all problems.
    """
    problems: dict[Problem, None] = {}
    for at in range(0, len(plan.steps), STEPS_AT_ONCE):
        steps = _with_needed(
            plan.steps, range(at, min(at + STEPS_AT_ONCE, len(plan.steps)))
        )
        try:
            _try(office, actor, steps)
        except Invalid as invalid:
            problems |= dict.fromkeys(invalid.problems)
    if problems:
        raise Invalid([*problems][:PROBLEMS_MAX])


def _try(office: Office, actor: Actor, steps: Sequence[Step]) -> None:
    def act(work: Work) -> None:
        do_steps(work, steps, {})
        raise _Undone

    try:
        office.write(actor, act)
    except _Undone:
        return


def _with_needed(steps: Sequence[Step], wanted: range) -> list[Step]:
    found = set(wanted)
    waiting = list(wanted)
    while waiting:
        for need in steps[waiting.pop()].needs:
            if need not in found:
                found.add(need)
                waiting.append(need)
    return [steps[number] for number in sorted(found)]


def report_counts(plan: Plan) -> Mapping[str, int]:
    """How many steps do what, by the action's name in the past."""
    return {
        "created": plan.count(Action.CREATE),
        "changed": plan.count(Action.CHANGE),
        "disabled": plan.count(Action.DISABLE),
        "removed": plan.count(Action.REMOVE),
        "unchanged": plan.unchanged,
    }

"""Joining an application to a plan, from either page, and moving it to another plan."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core import ids
from keyhouse.core.entities import Application, Applies, Plan, Subscription
from keyhouse.core.validation import Problem
from keyhouse.doors.console.applications.listing import own_application
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.plans.listing import own_plan
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.subscriptions.listing import Held, own_subscription
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog, plans
from keyhouse.services.plans import WRITE_SUBSCRIPTIONS
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Look, Turn, Work

router = APIRouter()
_HERE: Final = "/{project}/{environment}"
_APPLICATION: Final = f"{_HERE}/applications/{{application}}/subscribe"
_PLAN: Final = f"{_HERE}/plans/{{plan}}/subscribe"
_MOVE: Final = f"{_HERE}/subscriptions/{{subscription}}/move"
CHOICES_MAX: Final = 200
ANOTHER: Final = "new"
"""The choice of something by its id, as the forms of keys call it."""
_BLANK: Final = Typed()


class Asked(NamedTuple):
    """What a form is about: its words, its address, and what can be chosen."""

    title: str
    action: str
    behind: str
    field: str
    options: Sequence[tuple[str, str]]
    moving: bool = False


@router.get(_APPLICATION)
async def of_application(here: Here, application: str) -> Response:
    """The form: to which plan."""
    return await _asked(here, partial(_to_plan, here=here, id=application))


@router.post(_APPLICATION)
async def subscribe(here: Here, application: str) -> Response:
    """Subscribe the application, or tell what stands in the way."""

    def act(work: Work, plan: str, _: Typed) -> Subscription:
        return plans.create_subscription(work, plan=plan, application=application)

    ask = partial(_to_plan, here=here, id=application)
    return await _saved(here, ask, _plan_id, act, "Subscribed")


@router.get(_PLAN)
async def of_plan(here: Here, plan: str) -> Response:
    """The form: which application."""
    return await _asked(here, partial(_of_plan, here=here, id=plan))


@router.post(_PLAN)
async def sell(here: Here, plan: str) -> Response:
    """Subscribe an application to the plan, or tell what stands in the way."""

    def act(work: Work, application: str, _: Typed) -> Subscription:
        return plans.create_subscription(work, plan=plan, application=application)

    ask = partial(_of_plan, here=here, id=plan)
    return await _saved(here, ask, _application_id, act, "Subscribed")


@router.get(_MOVE)
async def moving(here: Here, subscription: str) -> Response:
    """The form: to which other plan, and from when on."""
    now = Typed({"applies": (Applies.NOW.value,)})
    return await _asked(here, partial(_to_another, here=here, id=subscription), now)


@router.post(_MOVE)
async def move(here: Here, subscription: str) -> Response:
    """Move it, or tell what stands in the way."""

    def act(work: Work, plan: str, typed: Typed) -> Subscription:
        later = typed.text("applies") == Applies.NEXT_WINDOW
        applies = Applies.NEXT_WINDOW if later else Applies.NOW
        return plans.move_subscription(work, subscription, plan=plan, applies=applies)

    ask = partial(_to_another, here=here, id=subscription)
    return await _saved(here, ask, _plan_id, act, "Subscription moved")


def _to_plan(look: Look, here: InProject, id: str) -> Asked:
    row = own_application(look, here.project.id, id)
    behind = here.url("applications", row.id)
    options = _plans(look, here.project.id)
    return Asked(f"Subscribe {row.name}", f"{behind}/subscribe", behind, "plan", options)


def _of_plan(look: Look, here: InProject, id: str) -> Asked:
    plan = own_plan(look, here.project.id, id).plan
    turn = Turn(limit=CHOICES_MAX)
    rows: list[Application]
    rows = catalog.list_applications(look, turn, project=here.project.id).rows
    options = [(one.id, one.name) for one in sorted(rows, key=lambda row: row.name)]
    behind = here.url("plans", plan.id)
    title = f"Subscribe to {plan.name}"
    return Asked(title, f"{behind}/subscribe", behind, "application", options)


def _to_another(look: Look, here: InProject, id: str) -> Asked:
    held: Held = own_subscription(look, here.project.id, id)
    behind = here.url("subscriptions", id)
    options = _plans(look, here.project.id, but=held.plan.id) if held.sold else []
    title = f"Move {held.who}"
    return Asked(title, f"{behind}/move", behind, "plan", options, moving=True)


def _plans(look: Look, project: str, but: str = "") -> list[tuple[str, str]]:
    """The project's plans that take subscriptions."""
    views = plans.list_plans(look, Turn(limit=CHOICES_MAX), project=project).rows
    rows: list[Plan] = [view.plan for view in views]
    return [
        (plan.slug, plan.name)
        for plan in sorted(rows, key=lambda row: row.name.casefold())
        if plan.retired_at is None and plan.id != but
    ]


def _plan_id(look: Look, project: str, typed: Typed) -> str:
    """The plan that was chosen: one of the project's by its slug, or any by its id."""
    named = _chosen(typed, "plan")
    if ids.is_id(named, ids.PLAN):
        return named
    found = plans.list_plans(look, Turn(limit=1), project=project, slug=named).rows
    return str(found[0].plan.id) if found else named


def _application_id(look: Look, project: str, typed: Typed) -> str:
    """The application that was chosen: by its id, or one's own by its external id."""
    named = _chosen(typed, "application")
    if not named or ids.is_id(named, ids.APPLICATION):
        return named
    turn = Turn(limit=1)
    found = catalog.list_applications(look, turn, project=project, external_id=named).rows
    return str(found[0].id) if found else named


def _chosen(typed: Typed, field: str) -> str:
    chosen = typed.text(field, ANOTHER)
    return typed.text(f"{field}_id") if chosen == ANOTHER else chosen


async def _asked(
    here: InProject, ask: Callable[[Look], Asked], typed: Typed = _BLANK
) -> Response:
    """The form as it opens."""
    demand(here, WRITE_SUBSCRIPTIONS)
    return _form(here, await here.read(ask), typed)


async def _saved(
    here: InProject,
    ask: Callable[[Look], Asked],
    choose: Callable[[Look, str, Typed], str],
    act: Callable[[Work, str, Typed], Subscription],
    toast: str,
) -> Response:
    """On to the subscription that `act` makes of what was chosen, or the form again."""
    demand(here, WRITE_SUBSCRIPTIONS)
    asked = await here.read(ask)
    typed = Typed.of((await here.form()).multi_items())
    chosen = await here.read(lambda look: choose(look, here.project.id, typed))
    try:
        made = await here.write(lambda work: act(work, chosen, typed))
    except (Invalid, Taken) as error:
        return _form(here, asked, typed, error.problems)
    return see_other(here, here.url("subscriptions", made.id), toast)


def _form(
    here: InProject, asked: Asked, typed: Typed, problems: Sequence[Problem] = ()
) -> Response:
    # Beside the field that was filled in, if the other one is out of sight.
    by_id = typed.text(asked.field, ANOTHER) == ANOTHER
    told = [
        problem._replace(field=f"{asked.field}_id")
        if by_id and problem.field == asked.field
        else problem
        for problem in problems
    ]
    return render(
        here,
        "subscriptions/join.html",
        422 if problems else 200,
        asked=asked,
        typed=typed.first,
        problems=by_field(told),
    )

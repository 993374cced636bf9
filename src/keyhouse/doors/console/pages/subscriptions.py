"""One subscription: what it opens and has left, and what becomes of it."""

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Subscription
from keyhouse.core.plans import in_time
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys import limits_form, rotation_form
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.plans import limit_form
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.subscriptions.listing import (
    Held,
    own_subscription,
    shown_of,
)
from keyhouse.doors.console.subscriptions.overrides_form import (
    placed,
    read_overrides,
    typed_overrides,
)
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import plans
from keyhouse.services.plans import WRITE_SUBSCRIPTIONS
from keyhouse.services.refusals import Forbidden, Invalid, Taken, refuse
from keyhouse.services.work import Work

router = APIRouter()
_ONE: Final = "/{project}/{environment}/subscriptions/{subscription}"


@router.get(_ONE)
async def one(here: Here, subscription: str) -> Response:
    """One subscription, as the side that asks may see it."""
    shown = await here.read(
        lambda look: shown_of(look, here.project.id, here.environment, subscription)
    )
    return render(here, "subscriptions/one.html", shown=shown, said=rotation_form.said)


@router.post(f"{_ONE}/approve")
async def approve(here: Here, subscription: str) -> Response:
    """Let it open what its plan does."""
    return await _turned(here, subscription, plans.approve_subscription, "approved")


@router.post(f"{_ONE}/suspend")
async def suspend(here: Here, subscription: str) -> Response:
    """Refuse the application's keys on what the plan opens."""
    url = here.url("subscriptions", subscription)
    back = Undo(f"{url}/resume", {"csrf": here.csrf})
    return await _turned(here, subscription, plans.suspend_subscription, "suspended", back)


@router.post(f"{_ONE}/resume")
async def resume(here: Here, subscription: str) -> Response:
    """Undo that."""
    return await _turned(here, subscription, plans.resume_subscription, "resumed")


@router.post(f"{_ONE}/end")
async def end(here: Here, subscription: str) -> Response:
    """End it for good, as either side may."""
    return await _turned(here, subscription, plans.end_subscription, "ended")


@router.get(f"{_ONE}/overrides")
async def overrides(here: Here, subscription: str) -> Response:
    """The form of the limits that this subscriber has of its own."""
    held = await _sold(here, subscription)
    now = tuple(in_time(held.subscription.overrides, here.now_us))
    return _form(here, held, typed_overrides(now))


@router.post(f"{_ONE}/overrides")
async def override(here: Here, subscription: str) -> Response:
    """Give it these limits, in place of all that it had of its own."""
    held = await _sold(here, subscription)
    typed = limit_form.only_filled(Typed.of((await here.form()).multi_items()))
    if typed.text("more"):
        return _form(here, held, typed)
    now = tuple(in_time(held.subscription.overrides, here.now_us))
    wishes, problems = read_overrides(typed, now)
    try:
        refuse(problems)
        await here.write(
            lambda work: plans.change_subscription(work, subscription, overrides=wishes)
        )
    except (Invalid, Taken) as error:
        return _form(here, held, typed, error.problems)
    return see_other(here, here.url("subscriptions", subscription), "Changes saved")


async def _turned(
    here: InProject,
    subscription: str,
    step: Callable[[Work, str], Subscription],
    done: str,
    back: Undo | None = None,
) -> Response:
    demand(here, WRITE_SUBSCRIPTIONS)
    await _held(here, subscription)
    await here.write(lambda work: step(work, subscription))
    url = here.url("subscriptions", subscription)
    return see_other(here, url, f"Subscription {done}", undo=back)


async def _held(here: InProject, subscription: str) -> Held:
    return await here.read(
        lambda look: own_subscription(look, here.project.id, subscription)
    )


async def _sold(here: InProject, subscription: str) -> Held:
    """One whose limits the visitor may set: its provider's word, not its consumer's."""
    demand(here, WRITE_SUBSCRIPTIONS)
    held = await _held(here, subscription)
    if not held.sold:
        raise Forbidden(WRITE_SUBSCRIPTIONS, " for the project of the plan")
    return held


def _form(
    here: InProject, held: Held, typed: Typed, problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "subscriptions/overrides.html",
        422 if problems else 200,
        held=held,
        typed=typed.first,
        rows=limits_form.rows_shown(typed),
        per=limits_form,
        counted=limit_form.COUNTS,
        counts=limit_form.beside(typed, "counts"),
        untils=limit_form.beside(typed, "until"),
        problems=by_place(placed(problem) for problem in problems),
    )

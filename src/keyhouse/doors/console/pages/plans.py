"""Plans: what a provider offers of its APIs, and who has it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys import limits_form, rotation_form
from keyhouse.doors.console.keys.places import by_place
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.pages.keys_new import choices_of
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.plans import limit_form, route_form
from keyhouse.doors.console.plans.form import NEW, read_plan, told_otherwise, typed_of
from keyhouse.doors.console.plans.listing import listed, own_plan, shown_of
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import plans as services
from keyhouse.services.plans import WRITE_PLANS, PlanView
from keyhouse.services.refusals import Invalid, Taken, refuse
from keyhouse.services.work import Work

router = APIRouter()
_ALL: Final = "/{project}/{environment}/plans"
_ONE: Final = f"{_ALL}/{{plan}}"


@router.get(_ALL)
async def plans(here: Here) -> Response:
    """The plans of the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: listed(look, here.project.id, cursor))
    choices = await choices_of(here)
    return render(here, "plans/list.html", listed=seen, apis=choices.apis)


@router.get(f"{_ALL}/new")
async def new(here: Here) -> Response:
    """The form of a new plan."""
    demand(here, WRITE_PLANS)
    return await _form(here, NEW, None)


@router.post(_ALL)
async def create(here: Here) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_PLANS)
    typed = limit_form.only_filled(Typed.of((await here.form()).multi_items()))
    read = read_plan(typed)

    def act(work: Work) -> PlanView:
        refuse(read.problems)
        project, fields = here.project.id, read.fields
        return services.create_plan(work, slug=read.slug, project=project, fields=fields)

    return await _saved(here, typed, None, act, read.places)


@router.get(_ONE)
async def one(here: Here, plan: str) -> Response:
    """One plan with its subscriptions and versions."""
    asked = here.request.query_params
    cursor, versions = asked.get("cursor"), asked.get("versions")
    shown = await here.read(
        lambda look: shown_of(look, here.project.id, plan, cursor, versions)
    )
    return render(here, "plans/one.html", shown=shown, said=rotation_form.said)


@router.get(f"{_ONE}/edit")
async def edit(here: Here, plan: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_PLANS)
    view = await _own(here, plan)
    return await _form(here, typed_of(view), view)


@router.post(_ONE)
async def change(here: Here, plan: str) -> Response:
    """Change it, for all its subscriptions; or tell what stands in the way."""
    demand(here, WRITE_PLANS)
    view = await _own(here, plan)
    typed = limit_form.only_filled(Typed.of((await here.form()).multi_items()))
    read = read_plan(typed)

    def act(work: Work) -> PlanView:
        refuse(read.problems)
        fields = told_otherwise(view, read.fields)
        return services.change_plan(work, view.plan.id, fields, read.applies)

    return await _saved(here, typed, view, act, read.places)


@router.post(f"{_ONE}/retire")
async def retire(here: Here, plan: str) -> Response:
    """Take no new subscriptions."""
    await _switch(here, plan, retired=True)
    url = here.url("plans", plan)
    back = Undo(f"{url}/revive", {"csrf": here.csrf})
    toast = "Plan retired: it takes no new subscriptions"
    return see_other(here, url, toast, undo=back)


@router.post(f"{_ONE}/revive")
async def revive(here: Here, plan: str) -> Response:
    """Offer it again."""
    await _switch(here, plan, retired=False)
    return see_other(here, here.url("plans", plan), "Plan offered again")


@router.post(f"{_ONE}/delete")
async def delete(here: Here, plan: str) -> Response:
    """Delete one that nobody ever subscribed to."""
    demand(here, WRITE_PLANS)
    view = await _own(here, plan)
    await here.write(lambda work: services.delete_plan(work, view.plan.id))
    return see_other(here, here.url("plans"), "Plan deleted")


async def _own(here: InProject, plan: str) -> PlanView:
    return await here.read(lambda look: own_plan(look, here.project.id, plan))


async def _switch(here: InProject, plan: str, *, retired: bool) -> None:
    demand(here, WRITE_PLANS)
    view = await _own(here, plan)
    await here.write(
        lambda work: services.change_plan(work, view.plan.id, {"retired": retired})
    )


async def _saved(
    here: InProject,
    typed: Typed,
    view: PlanView | None,
    act: Callable[[Work], PlanView],
    places: Mapping[str, str],
) -> Response:
    if typed.text("more"):
        return await _form(here, typed, view)
    try:
        made = await here.write(act)
    except (Invalid, Taken) as error:
        return await _form(here, typed, view, route_form.placed(error.problems, places))
    toast = "Changes saved" if view else "Plan created"
    return see_other(here, here.url("plans", made.plan.id), toast)


async def _form(
    here: InProject,
    typed: Typed,
    view: PlanView | None,
    problems: Sequence[Problem] = (),
) -> Response:
    choices = await choices_of(here)
    options = await here.read(lambda look: route_form.options_of(look, choices.apis))
    return render(
        here,
        "plans/form.html",
        422 if problems else 200,
        view=view,
        typed=typed.first,
        ticked=typed,
        choices=choices,
        rows=limits_form.rows_shown(typed),
        per=limits_form,
        counted=limit_form.COUNTS,
        counts=limit_form.beside(typed, "counts"),
        on=route_form.shown(typed, options, problems),
        overlaps=rotation_form.usual_choices(typed.text("rotation_overlap")),
        problems=by_place(problems),
    )

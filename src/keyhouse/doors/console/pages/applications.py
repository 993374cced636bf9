"""Applications: the programs that call, each with its keys."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Application, Limit, RotationSchedule
from keyhouse.doors.console.apis.limit_rows import limits_of, rows_of
from keyhouse.doors.console.applications.listing import (
    customer_name,
    customer_of,
    listed,
    own_application,
    shown_of,
)
from keyhouse.doors.console.keys import rotation_form
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.limited_form import Form, LimitedForm
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.subscriptions.listing import of_application
from keyhouse.doors.console.toasts import Undo
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog
from keyhouse.services.catalog import WRITE_APPLICATIONS
from keyhouse.services.refusals import NotFound, refuse
from keyhouse.services.work import Look, Work

router = APIRouter()
_ALL = "/{project}/{environment}/applications"
_ONE = f"{_ALL}/{{application}}"
_TEXTS = (
    "name",
    "external_id",
    "purpose",
    "customer",
    "rotation_days",
    "rotation_overlap",
)


def _overlaps(form: Form) -> Mapping[str, Any]:
    """How long two secrets may work side by side: the choices, and what was typed."""
    overlap = form.texts.get("rotation_overlap", "")
    return {"overlaps": rotation_form.usual_choices(overlap)}


_FORM: Final[LimitedForm[Application]] = LimitedForm(
    "applications", "application", _TEXTS, _overlaps
)


@router.get(_ALL)
async def applications(here: Here) -> Response:
    """The applications of the project."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(
        lambda look: listed(look, here.project.id, here.environment, cursor)
    )
    return render(here, "applications/list.html", listed=seen)


@router.get(f"{_ALL}/new")
async def new(here: Here) -> Response:
    """The form of a new application."""
    demand(here, WRITE_APPLICATIONS)
    return _FORM.page(here, Form(), None)


@router.post(_ALL)
async def create(here: Here) -> Response:
    """Create it, or tell what stands in the way."""
    demand(here, WRITE_APPLICATIONS)
    form, more = await _FORM.typed(here)
    if more:
        return _FORM.page(here, form, None)
    typed = form.texts

    def act(work: Work) -> Application:
        limits, rotation = _read(form)
        return catalog.create_application(
            work,
            name=typed["name"],
            external_id=typed["external_id"] or None,
            purpose=typed["purpose"],
            limits=limits,
            customer=typed["customer"] or None,
            rotation=rotation,
            project=here.project.id,
        )

    return await _FORM.saved(here, form, None, act, "Application created")


@router.get(_ONE)
async def one(here: Here, application: str) -> Response:
    """One application with its keys."""
    shown = await here.read(
        lambda look: shown_of(look, here.project.id, here.environment, application)
    )
    plans = await here.read(lambda look: of_application(look, application))
    return render(
        here,
        "applications/one.html",
        shown=shown,
        subscriptions=plans,
        said=rotation_form.said,
    )


@router.get(f"{_ONE}/edit")
async def edit(here: Here, application: str) -> Response:
    """The form of one that there is."""
    demand(here, WRITE_APPLICATIONS)
    row, form = await here.read(lambda look: _held(look, here.project.id, application))
    return _FORM.page(here, form, row)


@router.post(_ONE)
async def change(here: Here, application: str) -> Response:
    """Change it, or tell what stands in the way."""
    demand(here, WRITE_APPLICATIONS)
    row = await here.read(lambda look: own_application(look, here.project.id, application))
    form, more = await _FORM.typed(here)
    if more:
        return _FORM.page(here, form, row)
    typed = form.texts

    def act(work: Work) -> Application:
        limits, rotation = _read(form)
        return catalog.change_application(
            work,
            _own(work, here, application).id,
            {
                "name": typed["name"],
                "external_id": typed["external_id"] or None,
                "purpose": typed["purpose"],
                "limits": limits,
                "customer": typed["customer"] or None,
                "rotation": rotation,
            },
        )

    return await _FORM.saved(here, form, row, act, "Changes saved")


@router.post(f"{_ONE}/disable")
async def disable(here: Here, application: str) -> Response:
    """Refuse all of its keys."""
    await here.write(lambda work: _switch(work, here, application, disabled=True))
    url = here.url("applications", application)
    back = Undo(f"{url}/enable", {"csrf": here.csrf})
    return see_other(here, url, "Application disabled: its keys are refused", undo=back)


@router.post(f"{_ONE}/enable")
async def enable(here: Here, application: str) -> Response:
    """Let its keys pass again."""
    await here.write(lambda work: _switch(work, here, application, disabled=False))
    return see_other(here, here.url("applications", application), "Application enabled")


@router.post(f"{_ONE}/delete")
async def delete(here: Here, application: str) -> Response:
    """Delete one that never had a key."""

    def act(work: Work) -> None:
        catalog.delete_application(work, _own(work, here, application).id)

    await here.write(act)
    return see_other(here, here.url("applications"), "Application deleted")


def _held(look: Look, project: str, id: str) -> tuple[Application, Form]:
    """An application, and the form that shows it as it is."""
    row = own_application(look, project, id)
    texts = {
        "name": row.name,
        "external_id": row.external_id or "",
        "purpose": row.purpose,
        "customer": customer_name(row, customer_of(look, row)),
        **rotation_form.typed_rotation(row.rotation),
    }
    return row, Form(texts, rows_of(row.limits))


def _read(form: Form) -> tuple[tuple[Limit, ...], RotationSchedule | None]:
    """The limits and the schedule that a form asks for; raises Invalid for what is none."""
    limits, problems = limits_of(form.rows)
    rotation, wrong = rotation_form.read_rotation(Typed.of(form.texts.items()))
    refuse([*problems, *wrong])
    return limits, rotation


def _own(work: Work, here: InProject, id: str) -> Application:
    row = work.own(Application, id)
    if row.project_id != here.project.id:
        raise NotFound("application")
    return row


def _switch(work: Work, here: InProject, id: str, *, disabled: bool) -> Application:
    own = _own(work, here, id)
    return catalog.change_application(work, own.id, {"disabled": disabled})

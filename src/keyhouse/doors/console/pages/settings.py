"""An organization's settings, and who changed what in it."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.audited import told_fields
from keyhouse.core.entities import AuditRow, Organization, Person
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.limit_rows import LimitRow, limits_of, rows_of
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.keys import limits_form, words
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.doors.console.words import exact
from keyhouse.ports import Page
from keyhouse.services import audit, members, tenants
from keyhouse.services.refusals import Invalid, refuse
from keyhouse.services.tenants import WRITE_ORGANIZATIONS
from keyhouse.services.work import Look, Turn, Work

router = APIRouter()
_SHOWN: Final = 50


@router.get("/{organization}/settings")
async def settings(here: OrganizationHere) -> Response:
    """Its name and ids, and the addresses of this installation."""
    return _page(here, here.organization.name)


@router.post("/{organization}/settings")
async def change(here: OrganizationHere) -> Response:
    """Rename it, or tell what stands in the way."""
    demand(here, WRITE_ORGANIZATIONS)
    name = str((await here.form()).get("name", "")).strip()
    id = here.organization.id
    try:
        await here.write(lambda work: tenants.change_organization(work, id, {"name": name}))
    except Invalid as error:
        return _page(here, name, error.problems)
    return see_other(here, here.organization_url("settings"), "Name saved")


@router.post("/{organization}/settings/limits")
async def limit(here: OrganizationHere) -> Response:
    """Change what all of its keys share, or tell what stands in the way."""
    demand(here, WRITE_ORGANIZATIONS)
    form = await here.form()
    rows = limits_form.form_rows(Typed.of(form.multi_items()))
    if "more" in form:
        return _page(here, here.organization.name, rows=rows)

    def act(work: Work) -> Organization:
        limits, problems = limits_of(rows)
        refuse(problems)
        return tenants.change_organization(work, here.organization.id, {"limits": limits})

    try:
        await here.write(act)
    except Invalid as error:
        return _page(here, here.organization.name, error.problems, rows)
    return see_other(here, here.organization_url("settings"), "Limits saved")


@router.get("/{organization}/settings/audit")
async def history(here: OrganizationHere) -> Response:
    """Who changed what, the newest first."""
    demand(here, audit.READ)
    cursor = here.request.query_params.get("cursor")
    page, names = await here.read(lambda look: _history(look, cursor))
    return render(
        here, "settings/audit.html", page=page, names=names, told=_told, action_of=_action
    )


def _page(
    here: AtOrganization,
    name: str,
    problems: Sequence[Problem] = (),
    rows: Sequence[LimitRow] | None = None,
) -> Response:
    """`rows` are those of limits that were typed; None for those that there are."""
    held = here.organization.limits
    rows = rows_of(held) if rows is None else rows
    return render(
        here,
        "settings/settings.html",
        422 if problems else 200,
        typed={"name": name},
        rows=[*rows, LimitRow()],
        per=limits_form,
        limits=[words.limit(one) for one in held],
        problems=by_field(problems),
    )


def _history(look: Look, cursor: str | None) -> tuple[Page, dict[str, str]]:
    page = audit.list_audit(look, Turn(cursor, _SHOWN))
    people = members.list_members(look, Turn(limit=200)).rows
    known: list[Person] = [view.person for view in people]
    return page, {person.id: person.name for person in known}


def _told(row: AuditRow) -> list[tuple[str, Any, Any]]:
    """What a change changed: field, before, after. What is empty from the start on

    is left out.
    """
    before = told_fields(row.before, exact)
    after = told_fields(row.after, exact)
    pairs = [(name, before.get(name), after.get(name)) for name in before | after]
    return [pair for pair in pairs if pair[1] or pair[2]]


def _action(row: AuditRow) -> str:
    """`key.create` reads *Key: create*."""
    what, _, done = row.action.partition(".")
    noun = "API" if what == "api" else what.capitalize()
    return f"{noun}: {done.replace('_', ' ')}"

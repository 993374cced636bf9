"""Calendars: addresses at which calendar programs see what is due for keys."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Calendar
from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.makers import names_of_members
from keyhouse.doors.console.permissions import demand
from keyhouse.doors.console.rendering import render, see_other
from keyhouse.doors.console.visits import AtOrganization, OrganizationHere
from keyhouse.services import issue, rotation
from keyhouse.services.refusals import Invalid, Taken
from keyhouse.services.work import Look, Turn

router = APIRouter()
_ALL: Final = "/{organization}/settings/calendars"
_SHOWN: Final = 50
_FEEDS: Final = "/calendar"
"""Where the management API has them, below the same address."""


class Row(NamedTuple):
    """A calendar, who made it, and whether the visitor may close it."""

    calendar: Calendar
    maker: str
    can_be_closed: bool


class Listed(NamedTuple):
    """A page of rows, and the cursor behind it."""

    rows: list[Row]
    next_cursor: str | None


@router.get(_ALL)
async def calendars(here: OrganizationHere) -> Response:
    """The calendars of the organization."""
    cursor = here.request.query_params.get("cursor")
    seen = await here.read(lambda look: _listed(look, here, cursor))
    return render(here, "calendars/list.html", listed=seen)


@router.get(f"{_ALL}/new")
async def new(here: OrganizationHere) -> Response:
    """The form of a new calendar."""
    demand(here, issue.READ)
    return _page(here, {})


@router.post(_ALL)
async def create(here: OrganizationHere) -> Response:
    """Make it and show its address, or tell what stands in the way."""
    name = str((await here.form()).get("name", "")).strip()
    try:
        made = await here.write(lambda work: rotation.create_calendar(work, name))
    except (Invalid, Taken) as error:
        return _page(here, {"name": name}, error.problems)
    return render(
        here,
        "calendars/address.html",
        headers={"HX-Replace-Url": here.organization_url("settings", "calendars")},
        calendar=made.calendar,
        address=f"{here.config.public_url}{_FEEDS}/{made.token}.ics",
    )


@router.post(f"{_ALL}/{{calendar}}/close")
async def close(here: OrganizationHere, calendar: str) -> Response:
    """Close its address: whoever asks there finds nothing from now on."""
    await here.write(lambda work: rotation.delete_calendar(work, calendar))
    return see_other(
        here, here.organization_url("settings", "calendars"), "Calendar closed"
    )


def _listed(look: Look, here: AtOrganization, cursor: str | None) -> Listed:
    page = rotation.list_calendars(look, Turn(cursor, _SHOWN))
    names = names_of_members(look)
    rows = [_row(here, calendar, names) for calendar in page.rows]
    return Listed(rows, page.next_cursor)


def _row(here: AtOrganization, calendar: Calendar, names: Mapping[str, str]) -> Row:
    maker = calendar.created_by
    mine = maker == here.person.id
    return Row(calendar, names.get(maker, maker), mine or here.may(issue.WRITE))


def _page(
    here: AtOrganization, typed: Mapping[str, str], problems: Sequence[Problem] = ()
) -> Response:
    return render(
        here,
        "calendars/form.html",
        422 if problems else 200,
        typed=typed,
        problems=by_field(problems),
    )

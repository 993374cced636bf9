"""The request log: what came, what it came to, and why."""

import asyncio
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core import ids
from keyhouse.core.addresses import format_address
from keyhouse.core.entities import Api
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.doors.console.keys.chart import label
from keyhouse.doors.console.keys.explaining import shown
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.requests import filters
from keyhouse.doors.console.requests.filters import Wanted
from keyhouse.doors.console.requests.reasons import why
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import catalog, explain, reports
from keyhouse.services.refusals import NotFound
from keyhouse.services.reports import RequestView
from keyhouse.services.work import Look, Turn

router = APIRouter()
REQUESTS_SHOWN: Final = 50
_CHOICES_MAX: Final = 200
_BOOKED_WITHIN_US: Final = 3_000_000
_PAUSE_SECONDS: Final = 0.2


class Found(NamedTuple):
    """A page of the log, and the choices of its filters."""

    views: list[RequestView]
    next_cursor: str | None
    apis: list[Api]

    @property
    def mark(self) -> str:
        """See `filters.mark_of`."""
        return filters.mark_of(self.views)


@router.get("/{project}/{environment}/requests")
async def requests(here: Here) -> Response:
    """The log, as its address asks for it; what changed of it where htmx asks again."""
    wanted = filters.read(here.request.query_params)
    found = await here.read(lambda look: _found(look, here, wanted))
    rows_alone = here.request.headers.get("hx-target") == "requests-found"
    if rows_alone and here.request.query_params.get("mark") == found.mark:
        return Response(status_code=204)
    return render(
        here,
        "requests/rows.html" if rows_alone else "requests/list.html",
        wanted=wanted,
        found=found,
        outcomes=filters.OUTCOMES,
        verdicts=BY_NUMBER,
        label=label,
        address_of=format_address,
    )


@router.get("/{project}/{environment}/requests/{request_id}")
async def one(here: Here, request_id: str) -> Response:
    """One request, and why it was refused if it was."""
    view = await _booked(here, request_id)
    row = view.row
    verdict = BY_NUMBER[row.verdict]
    told = None
    if not verdict.allowed:
        told = await here.read(lambda look: explain.explain_request(look, request_id))
    return render(
        here,
        "requests/one.html",
        view=view,
        verdict=verdict,
        why=why(row),
        explained=shown(here, told) if told else None,
        not_kept=told.not_kept if told else (),
        address=format_address(row.address),
    )


async def _booked(here: InProject, id: str) -> RequestView:
    """The line of a request. One that came just now may not be booked yet."""
    until = here.now_us + _BOOKED_WITHIN_US
    while True:
        try:
            return await here.read(
                lambda look: reports.get_project_request(look, here.project.id, id)
            )
        except NotFound:
            # Ids tell the millisecond they were made in: what is old will not come.
            if here.now_us > until or id < _id_at(here.now_us - _BOOKED_WITHIN_US):
                raise
        await asyncio.sleep(_PAUSE_SECONDS)


def _id_at(at_us: int) -> str:
    """What the ids of requests of that moment begin with."""
    return f"{ids.REQUEST}_{ids.base62(at_us // 1000, 7)}"


def _found(look: Look, here: InProject, wanted: Wanted) -> Found:
    project = here.project.id
    turn = Turn(wanted.cursor or None, REQUESTS_SHOWN)
    page = reports.list_project_requests(
        look, project, turn, wanted.filter(here.environment)
    )
    choices: list[Api] = catalog.list_apis(
        look, Turn(limit=_CHOICES_MAX), project=project
    ).rows
    choices.sort(key=lambda api: api.name.casefold())
    return Found(page.rows, page.next_cursor, choices)

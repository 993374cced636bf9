"""The overview: what changed since yesterday, what needs a hand, requests by API."""

from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.doors.console.overview import bars, strange, telling
from keyhouse.doors.console.overview.starting import Start, start_of
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.subscriptions.listing import SubscriptionRow, waiting_in
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import reports
from keyhouse.services.reports import Overview
from keyhouse.services.work import Look

router = APIRouter()
NEEDS_SHOWN: Final = 8


class Seen(NamedTuple):
    """The day, how far the project has come, and who waits for a plan of it."""

    day: Overview
    start: Start
    waiting: list[SubscriptionRow]


@router.get("/{project}/{environment}/overview")
async def overview(here: Here) -> Response:
    """The first page of a project."""
    seen = await here.read(lambda look: _seen(look, here))
    day, start, waiting = seen
    quiet = not (day.now.requests or day.before.requests)
    is_new = quiet and not start.was_called
    if is_new and here.request.headers.get("hx-target") == "overview":
        return Response(status_code=204)
    return render(
        here,
        "overview/overview.html",
        day=day,
        start=start,
        is_new=is_new,
        bars=bars.bars(day.hours),
        size=(bars.WIDTH, bars.HEIGHT),
        most=bars.most_in(day.hours),
        needs=[
            (one, telling.need(one, here.now_us), telling.mend(one)) for one in day.needs
        ],
        shown=NEEDS_SHOWN,
        waiting=waiting,
        change=telling.change,
        tried=strange.tried(day.strangers),
        spike=strange.spike(day.strangers),
        stranger_bars=strange.by_hour(day.strangers),
        stranger_most=max(one.requests for one in day.strangers.hours),
    )


def _seen(look: Look, here: InProject) -> Seen:
    project, environment = here.project.id, here.environment
    return Seen(
        reports.overview(look, project, environment),
        start_of(look, project, environment),
        waiting_in(look, project),
    )

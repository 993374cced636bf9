"""How rotations stand, what is due, and `/v1/calendars` that tell of it."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import KeyOut
from keyhouse.doors.api.calls import AnyCall, PostCall, operation, turn
from keyhouse.doors.api.icalendar_feed import MEDIA_TYPE, to_ical
from keyhouse.doors.api.rotation_models import (
    CalendarBody,
    CalendarCreatedOut,
    CalendarOut,
    DueOut,
    RotationOut,
)
from keyhouse.doors.api.rotation_shapes import calendar_out, due_out, rotation_out
from keyhouse.doors.api.shapes import key_out
from keyhouse.services import issue, rotation
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Office  # noqa: TC001 - imports stand in one place

CALENDAR_PATH: Final = "/calendar"
"""Below it a token opens a feed: calendar programs send no header."""

router = APIRouter(tags=["Rotation"])
_reading = partial(operation, router, "GET", scope=issue.READ)
_writing = partial(operation, router, scope=issue.WRITE)


class DueQuery(models.ListQuery):
    """Which keys are wanted: those of which something is due by then."""

    within_days: Annotated[int, Field(ge=0, le=366)] = 30


@_reading("/v1/keys/due", id="list_due_keys", answer=DueOut, many=True)
def list_due_keys(call: AnyCall, query: Annotated[DueQuery, Query()]) -> Response:
    """Secrets that are to be replaced, and keys that end, by then or already.

    In the order of the keys' ids. A page may hold fewer than `limit`;
    `next_cursor` alone tells the end.
    """
    now_us = call.now_us
    return call.page(
        lambda look: rotation.list_due(look, turn(query), query.within_days),
        lambda one: due_out(one, now_us),
    )


@_reading("/v1/keys/{id}/rotation", id="show_rotation", answer=RotationOut)
def show_rotation(call: AnyCall, id: str) -> Response:
    """Which secrets of a key work, and who still calls with each.

    Counts need `usage:read` and callers `requests:read` on the key, else they
    are null. Callers are from the newest lines of the request log.
    """
    return call.told(lambda look: rotation.get_rotation(look, id), rotation_out)


@_writing(
    "POST", "/v1/keys/{id}/rotation/roll-back", id="roll_back_rotation", answer=KeyOut
)
def roll_back_rotation(call: PostCall, id: str) -> Response:
    """End a key's newest secret; those that it replaced go on as before.

    409 once the overlap is over, or where a secret in it was ended since.
    """
    return call.done(lambda work: issue.roll_back(work, id), key_out)


@_reading("/v1/calendars", id="list_calendars", answer=CalendarOut, many=True)
def list_calendars(call: AnyCall, query: Annotated[models.ListQuery, Query()]) -> Response:
    """Calendars of what is due, the newest first; their addresses are not told."""
    return call.page(lambda look: rotation.list_calendars(look, turn(query)), calendar_out)


@_reading("/v1/calendars/{id}", id="get_calendar", answer=CalendarOut)
def get_calendar(call: AnyCall, id: str) -> Response:
    """One calendar."""
    return call.one(lambda look: rotation.get_calendar(look, id), calendar_out)


@operation(
    router,
    "POST",
    "/v1/calendars",
    id="create_calendar",
    scope=issue.READ,
    answer=CalendarCreatedOut,
    status=201,
)
def create_calendar(call: PostCall, request: Request, body: CalendarBody) -> Response:
    """Make a calendar of all keys. Its address is in this answer and in no other.

    Whoever has the address reads names, hints and dates, while whoever made
    it may read keys.
    """
    base = f"{request.app.state.people.public_url}{CALENDAR_PATH}"
    return call.issued(
        lambda work: rotation.create_calendar(work, body.name),
        lambda made: calendar_out(made.calendar),
        lambda made: f"{base}/{made.token}.ics",
    )


@operation(
    router,
    "DELETE",
    "/v1/calendars/{id}",
    id="delete_calendar",
    scope=issue.READ,
    answer=None,
    status=204,
)
def delete_calendar(call: AnyCall, id: str) -> Response:
    """Close a calendar's address; another's needs `keys:write` for all keys."""
    return call.gone(lambda work: rotation.delete_calendar(work, id))


@router.get(f"{CALENDAR_PATH}/{{token}}.ics", include_in_schema=False)
def read_calendar(request: Request, token: str) -> Response:
    """What is due, for whoever has the address."""
    office: Office = request.app.state.office
    feed = rotation.read_feed(office, token)
    if feed is None:
        raise NotFound("calendar")
    body = to_ical(feed, office.clock.now_us())
    return Response(body, media_type=MEDIA_TYPE)

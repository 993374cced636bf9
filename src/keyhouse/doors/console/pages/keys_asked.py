"""A panel that asks, before something is done to a key."""

from typing import Any

from starlette.responses import Response

from keyhouse.core.validation import Problem
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.visits import InProject
from keyhouse.services import issue, reports
from keyhouse.services.refusals import Forbidden


async def asked(
    here: InProject,
    key: str,
    template: str,
    problem: Problem | None = None,
    **context: Any,  # noqa: ANN401 # whatever the template shows
) -> Response:
    """A panel about a key, with the calls that came in the last hour."""
    if not here.may(issue.WRITE):
        raise Forbidden(issue.WRITE)
    view = await here.read(lambda look: issue.get_key(look, key))
    calls = await here.read(lambda look: reports.calls_in_last_hour(look, key=key))
    return render(
        here,
        template,
        422 if problem else 200,
        view=view,
        calls=calls,
        problem=problem,
        **context,
    )

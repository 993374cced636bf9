"""A call to try an API, from its page."""

from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from keyhouse.core.entities import Api
from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.attempt import (
    Attempt,
    NoAnswer,
    Outcome,
    read_attempt,
    readable,
    send,
)
from keyhouse.doors.console.forms import by_field
from keyhouse.doors.console.pages.apis import own_api, shown_of
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.requests.reasons import MENDS
from keyhouse.doors.console.visits import Here

router = APIRouter()


class Tried(NamedTuple):
    """What was sent and what came back, without the key."""

    method: str
    path: str
    outcome: Outcome | NoAnswer | None
    text: str | None = None
    mend: str = ""

    @property
    def answer(self) -> Outcome | None:
        """The answer, where there is one."""
        return self.outcome if isinstance(self.outcome, Outcome) else None

    @property
    def failure(self) -> str:
        """Why there is no answer, '' where there is one."""
        return self.outcome.reason if isinstance(self.outcome, NoAnswer) else ""


@router.post("/{project}/{environment}/apis/{api}/try")
async def attempt(here: Here, api: str) -> Response:
    """Send the call; the page again, or with htmx the answer alone."""
    row = await here.read(lambda look: own_api(look, here, api))
    given, problems = read_attempt(await here.form())
    tried = await _tried(here, row, given, problems)
    context: dict[str, Any] = {"tried": tried, "problems": by_field(problems)}
    status = 422 if problems else 200
    if here.is_partial:
        return render(here, "apis/tried.html", status, api=row, **context)
    shown = await here.read(lambda look: shown_of(look, here, api))
    return render(here, "apis/one.html", status, shown=shown, **context)


async def _tried(here: Here, api: Api, given: Attempt, problems: list[Problem]) -> Tried:
    if problems:
        return Tried(given.method, given.path, None)
    outcome = await send(here.config.gateway_url, api, given)
    if isinstance(outcome, NoAnswer):
        return Tried(given.method, given.path, outcome)
    mend = MENDS[outcome.verdict].text if outcome.verdict else ""
    told = mend.format(address="that address", method=given.method, path=given.path)
    return Tried(given.method, given.path, outcome, readable(outcome), told)

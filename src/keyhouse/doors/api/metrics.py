"""`/metrics`: what all processes of this machine measure, as Prometheus reads it.

It tells of the whole installation, so a key of just any organization does not
open it: see `metrics.organizations`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keyhouse.doors.api.gate import METRICS_PATH
from keyhouse.doors.api.problems import NotMember
from keyhouse.services.refusals import Forbidden

if TYPE_CHECKING:
    from keyhouse.services.actor import Actor

SCOPE: Final = "metrics:read"
NO_OPERATION: Final = "none"
"""What reached no operation: refused before, or at a path that is none."""

router = APIRouter(tags=["Health"])


class Monitoring(NamedTuple):
    """What the API needs to show metrics, and to tell of its own.

    `render` makes the text, on a thread; `admits` says of an organization's id
    whether its keys may read it. `answered` is told the operation and the status of
    each answer.
    """

    render: Callable[[], bytes]
    content_type: str
    admits: Callable[[str], bool]
    answered: Callable[[str, str], None]


@router.get(METRICS_PATH, operation_id="metrics", response_model=None)
def metrics(request: Request) -> Response:
    """What is measured here."""
    monitoring: Monitoring = request.app.state.monitoring
    actor: Actor | None = request.state.actor
    if actor is None:
        raise NotMember
    actor.whole(SCOPE)
    if not monitoring.admits(actor.organization_id):
        raise Forbidden(SCOPE, " in an organization that metrics.organizations names")
    headers = {"Content-Type": monitoring.content_type}
    return Response(monitoring.render(), headers=headers)


class Counted:
    """Counts the answers. Outermost: it sees those that nothing else has made."""

    def __init__(self, app: ASGIApp, answered: Callable[[str, str], None]) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what its answer was."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                operation = getattr(route, "operation_id", None) or NO_OPERATION
                self._answered(operation, str(message["status"]))
            await send(message)

        await self._app(scope, receive, noted)

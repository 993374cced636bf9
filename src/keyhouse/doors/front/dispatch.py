"""Which of the two a path belongs to."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

_FOR_PROGRAMS: Final = frozenset(("/openapi.json", "/ready", "/live", "/metrics"))
_BELOW: Final = "/v1"
_CALENDARS: Final = "/calendar/"


def dispatch(api: ASGIApp, console: ASGIApp) -> ASGIApp:
    """One app of the two: the API's paths go to it, all others to the console."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        to_api = path in _FOR_PROGRAMS or path == _BELOW
        to_api = to_api or path.startswith((f"{_BELOW}/", _CALENDARS))
        await (api if to_api else console)(scope, receive, send)

    return app

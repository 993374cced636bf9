"""Counts the console's answers, by the part of the console that gave them."""

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS: Final = "assets"
NO_PAGE: Final = "none"
_PAGES: Final = "keyhouse.doors.console.pages."


class Counted:
    """Tells `answered` the page and the status of each answer.

    A page is its module's name, as `keys`, so there are no more than modules:
    nothing that a visitor sends is in it. Outermost: it sees refusals as well.
    """

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
                self._answered(_page(scope), str(message["status"]))
            await send(message)

        await self._app(scope, receive, noted)


def _page(scope: Scope) -> str:
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return NO_PAGE
    module = str(endpoint.__module__)
    return module.removeprefix(_PAGES) if module.startswith(_PAGES) else ASSETS

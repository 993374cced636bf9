"""An application's answers as they leave it: what is noted of them, and added."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from keyhouse.doors.guard.asking import Admission

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

ANSWER: Final = "keyhouse.answer"
"""Where in the scope the answer is that is on its way."""
_OF_ENDS: Final = (b"deprecation", b"sunset")
_ENDS: Final = ("http.response.pathsend", "http.response.zerocopysend")


class HttpAnswer:
    """An answer on its way; `status` is 0 until it has begun."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self._send = send
        self._admissions: list[Admission] = []
        self._told: Admission | None = None

    def add(self, admission: "Admission") -> None:
        """Have its headers go with the answer, the last one's, and tell it the end."""
        self._admissions.append(admission)
        self._told = admission

    def refuse(self) -> None:
        """Add no headers: it will be a refusal, which has its own."""
        self._told = None

    async def send(self, message: Message) -> None:
        """What the application sends."""
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            if self._told is not None:
                message = with_headers(message, self._told)
        await self._send(message)
        last = kind == "http.response.body" and not message.get("more_body", False)
        if last or kind in _ENDS:
            # Here, and not when the app returns: it may go on with work of its own.
            self.ended(self.status)

    def ended(self, status: int) -> None:
        """Note how it ended, 0 where no answer was given. Only the first time counts."""
        for admission in self._admissions:
            admission.ended(status)

    async def of(self, app: App, scope: Any, receive: Receive) -> None:  # noqa: ANN401 - as ASGI has it
        """Let the application answer; noted in any case."""
        try:
            await app(scope, receive, self.send)
        except Exception:
            self.ended(self.status or 500)
            raise
        finally:
            self.ended(self.status)


class Watched:
    """An application whose answers are in the scope while they are on their way.

    A dependency sees neither the status of an answer that its handler made by
    itself, nor what an exception comes to; this does.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - as ASGI has it
        """One connection, as a server tells it."""
        if scope["type"] != "http" or ANSWER in scope:
            await self._app(scope, receive, send)
            return
        answer = scope[ANSWER] = HttpAnswer(send)
        await answer.of(self._app, scope, receive)


def watch(app: object) -> None:
    """Have the answers of a Starlette or FastAPI application watched that has started."""
    stack = getattr(app, "middleware_stack", None)
    if stack is not None and not isinstance(stack, Watched):
        app.middleware_stack = Watched(stack)  # type: ignore[attr-defined]


def with_headers(message: Message, admission: "Admission") -> Message:
    """The app's own word on an end goes on, unless there is one of ours to tell."""
    ours = encoded(admission.headers())
    theirs = message.get("headers", ())
    if admission.ends:
        told = {name for name, _ in ours if name in _OF_ENDS}
        theirs = [one for one in theirs if one[0].lower() not in told]
    return {**message, "headers": [*theirs, *ours]}


def encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [
        (name.lower().encode("ascii"), value.encode("latin-1", "replace"))
        for name, value in headers
    ]

"""Keyhouse opened and closed with an application, whether it has a lifespan or not."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from keyhouse.doors.guard.keyhouse import Keyhouse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

_STARTED = "lifespan.startup.complete"
_ENDED = (
    "lifespan.startup.failed",
    "lifespan.shutdown.complete",
    "lifespan.shutdown.failed",
)


async def opening(
    kh: Keyhouse,
    app: App,
    scope: Any,  # noqa: ANN401 - of a kind that every framework types in its own way
    receive: Receive,
    send: Send,
) -> None:
    """The lifespan of `app`, with Keyhouse open from before its start to after its end."""
    async with AsyncExitStack() as stack:
        talk = _Talk(kh, stack, receive, send)
        try:
            await app(scope, talk.receive, talk.send)
        except Exception:
            if talk.told:
                raise
        if not talk.told:
            # It has no lifespan, which it says by returning or raising at once.
            await talk.alone()


class _Talk:
    """What server and application tell each other; `told` says that it answered."""

    def __init__(
        self, kh: Keyhouse, stack: AsyncExitStack, receive: Receive, send: Send
    ) -> None:
        self.told = False
        self._kh = kh
        self._stack = stack
        self._receive = receive
        self._send = send
        self._heard: Message | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if self._heard is None:
            self._heard = message
            await self._open()
        return message

    async def _open(self) -> None:
        try:
            await self._stack.enter_async_context(self._kh.running())
        except Exception as error:
            self.told = True
            await self._send({"type": "lifespan.startup.failed", "message": str(error)})
            raise

    async def send(self, message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            # It answers all that it is asked as if it were a request.
            raise RuntimeError(f"{message['type']} is no answer to a lifespan")
        self.told = True
        if message["type"] in _ENDED:
            await self._stack.aclose()
        await self._send(message)

    async def alone(self) -> None:
        """Answer the server in the place of an application that does not."""
        if self._heard is None:
            await self.receive()
        await self.send({"type": _STARTED})
        await self._receive()
        await self.send({"type": "lifespan.shutdown.complete"})

"""The client for programs on an event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Self

import httpx

from keyhouse_client import answers
from keyhouse_client.answers import Answer, Json, Page
from keyhouse_client.calls import Call
from keyhouse_client.connection import TIMEOUT_SECONDS, Credentials

if TYPE_CHECKING:
    # The same, with the shapes of all answers: written by `make client-shapes`.
    from keyhouse_client.typed import AsyncResources
else:
    from keyhouse_client.resources import Resources as AsyncResources


class _Sender:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def answer(self, call: Call) -> Answer:
        return answers.read(await self._settled(call))

    async def _settled(self, call: Call, *, streamed: bool = False) -> httpx.Response:
        """The answer that stands; where it is `streamed`, its body is still to come."""
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._ask(call, streamed=streamed)
            seconds = answers.pause(call, outcome, attempt)
            if isinstance(outcome, httpx.Response):
                if seconds < 0:
                    return outcome
                await outcome.aclose()
            await asyncio.sleep(seconds)

    async def one(self, call: Call) -> Json:
        return (await self.answer(call)).body

    async def listed(self, call: Call) -> Page[Json]:
        return answers.page(await self.answer(call))

    async def each(self, call: Call) -> AsyncIterator[Json]:
        page = await self.listed(call)
        while True:
            for item in page.data:
                yield item
            if not page.next_cursor:
                return
            page = await self.listed(call.after(page.next_cursor))

    async def lines(self, call: Call) -> AsyncIterator[Json]:
        async with self.streamed(call) as response:
            async for line in response.aiter_lines():
                yield answers.line(line, response)

    @asynccontextmanager
    async def streamed(self, call: Call) -> AsyncIterator[httpx.Response]:
        """An answer that is no refusal, to be read as it comes."""
        async with aclosing(await self._settled(call, streamed=True)) as response:
            try:
                if not response.is_success:
                    await response.aread()
                    answers.read(response)
                yield response
            except httpx.RequestError as error:
                raise answers.failure(error) from error

    async def nothing(self, call: Call) -> None:
        await self.answer(call)

    async def _ask(
        self, call: Call, *, streamed: bool
    ) -> httpx.Response | httpx.TransportError:
        request = self.http.build_request(
            call.method, call.path, params=call.query, json=call.body, headers=call.headers
        )
        try:
            return await self.http.send(request, stream=streamed)
        except httpx.TransportError as error:
            return error
        except httpx.RequestError as error:
            raise answers.failure(error) from error


class AsyncClient(AsyncResources):
    """As `Client`, with calls to be awaited and lists for `async for`."""

    def __init__(
        self, url: str, api_key: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.url = url
        options = Credentials(url, api_key).options(timeout_seconds)
        self._sender = _Sender(httpx.AsyncClient(**options))
        super().__init__(self._sender)

    @classmethod
    def from_env(cls) -> Self:
        """As KEYHOUSE_URL and KEYHOUSE_API_KEY say; ValueError where they can't do."""
        return cls(*Credentials.from_env())

    async def send(self, call: Call) -> Answer:
        """Make any call; the answer has its status and its change's number."""
        return await self._sender.answer(call)

    async def export_yaml(
        self, *, project: str | None = None, only: Sequence[str] = ()
    ) -> AsyncIterator[str]:
        """As `declaration.export`, as the text of a file, piece by piece.

        For what is too much to hold. Raises Unreachable where the end does not come.
        """
        query = {"project": project, "only": ",".join(only) or None}
        call = Call("GET", "/v1/export", query, headers={"Accept": "application/yaml"})
        async with self._sender.streamed(call) as response:
            async for piece in response.aiter_text():
                yield piece

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient(url={self.url!r})"

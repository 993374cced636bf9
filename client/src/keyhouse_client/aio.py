"""The client for programs on an event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
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
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._ask(call)
            seconds = answers.pause(call, outcome, attempt)
            if seconds < 0 and isinstance(outcome, httpx.Response):
                return answers.read(outcome)
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
        try:
            async with self.http.stream(
                call.method, call.path, params=call.query
            ) as response:
                if not response.is_success:
                    await response.aread()
                    answers.read(response)
                async for line in response.aiter_lines():
                    yield answers.line(line)
        except httpx.TransportError as error:
            raise answers.broken(call, error) from error

    async def nothing(self, call: Call) -> None:
        await self.answer(call)

    async def _ask(self, call: Call) -> httpx.Response | httpx.TransportError:
        try:
            return await self.http.request(
                call.method,
                call.path,
                params=call.query,
                json=call.body,
                headers=call.headers,
            )
        except httpx.TransportError as error:
            return error


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
        """As KEYHOUSE_URL and KEYHOUSE_API_KEY say; ValueError without the key."""
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
        given = {"project": project, "only": ",".join(only) or None}
        query = {name: value for name, value in given.items() if value is not None}
        headers = {"Accept": "application/yaml"}
        try:
            async with self._sender.http.stream(
                "GET", "/v1/export", params=query, headers=headers
            ) as answer:
                if not answer.is_success:
                    await answer.aread()
                    answers.read(answer)
                async for piece in answer.aiter_text():
                    yield piece
        except httpx.TransportError as error:
            raise answers.broken(Call("GET", "/v1/export"), error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient(url={self.url!r})"

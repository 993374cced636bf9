"""`ports.RemoteKeyhouse` on httpx, which the extra `keyhouse[remote]` brings."""

import asyncio
from importlib.metadata import version
from typing import Any, Final

import httpx

from keyhouse.core.secret import Secret
from keyhouse.ports import RemoteRefused, StoreUnavailable

CONNECTIONS_MAX: Final = 16
_PASSING: Final = (408, 425, 429)
"""Statuses below 500 that say no more than: not now."""


class HttpKeyhouse:
    """A gateway at `url`, asked with a management key, which is part of no repr.

    Certificates are verified; redirects are not followed, and proxies of the
    environment not used: the key goes to no other place than the one that was
    named. It is httpx's transport that is used and not its client, which would
    write a line into the program's log for each call.
    """

    def __init__(self, url: str, api_key: Secret) -> None:
        self._url = url
        told = {
            "Authorization": f"Bearer {api_key.reveal()}",
            "User-Agent": f"keyhouse/{version('keyhouse')}",
        }
        # Not a dict: these hide an Authorization in their repr.
        self._headers = httpx.Headers(told)
        self._transport = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX)
        )

    def __repr__(self) -> str:
        return f"HttpKeyhouse({self._url!r})"

    async def get(self, path: str, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What is at `path`."""
        return await self._answer("GET", path, None, seconds)

    async def post(self, path: str, body: bytes, seconds: float) -> Any:  # noqa: ANN401 - JSON
        """What `path` answers to `body`."""
        return await self._answer("POST", path, body, seconds)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _answer(
        self, method: str, path: str, body: bytes | None, seconds: float
    ) -> Any:  # noqa: ANN401 - JSON
        try:
            async with asyncio.timeout(seconds):
                answer = await self._sent(method, path, body)
        except TimeoutError:
            raise StoreUnavailable(f"{self._url} did not answer in {seconds:g} s") from None
        except httpx.LocalProtocolError as error:
            # What is said of a request that can't be sent quotes its headers.
            raise StoreUnavailable(f"{self._url}: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self._url}: {error!r}") from None
        return self._read(answer)

    async def _sent(self, method: str, path: str, body: bytes | None) -> httpx.Response:
        request = httpx.Request(
            method, self._url + path, content=body, headers=self._headers
        )
        answer = await self._transport.handle_async_request(request)
        try:
            await answer.aread()
        finally:
            await answer.aclose()
        return answer

    def _read(self, answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        told = _json(answer)
        if answer.is_success and told is not None:
            return told
        status = answer.status_code
        if status >= 500 or status in _PASSING:
            raise StoreUnavailable(f"{self._url} answered {status}")
        if isinstance(told, dict) and "code" in told:
            text = f"{self._url} answered {status}: {told.get('detail')}"
            raise RemoteRefused(text, str(told["code"]))
        raise RemoteRefused(f"{self._url} answered {status}, and is no gateway of Keyhouse")


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None

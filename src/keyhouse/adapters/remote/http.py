"""`ports.RemoteKeyhouse` on httpx, which the extra `keyhouse[remote]` brings."""

import asyncio
from typing import Any, Final

import httpx

from keyhouse.core.secret import Secret
from keyhouse.ports import RemoteRefused, StoreUnavailable

CONNECTIONS_MAX: Final = 16
_PASSING: Final = (408, 425, 429)
"""Statuses below 500 that say no more than: not now."""


class HttpKeyhouse:
    """A gateway at `url`, asked with a management key, which is part of no repr.

    Certificates are verified, and redirects not followed: the key goes to no
    other place than the one that was named.
    """

    def __init__(self, url: str, api_key: Secret) -> None:
        self._url = url
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key.reveal()}"},
            timeout=None,  # noqa: S113 - each call is bounded as a whole, below
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
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
        await self._http.aclose()

    async def _answer(
        self, method: str, path: str, body: bytes | None, seconds: float
    ) -> Any:  # noqa: ANN401 - JSON
        try:
            async with asyncio.timeout(seconds):
                answer = await self._http.request(method, path, content=body)
        except TimeoutError:
            raise StoreUnavailable(f"{self._url} did not answer in {seconds:g} s") from None
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self._url}: {error!r}") from None
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        told = _json(answer)
        if answer.is_success and told is not None:
            return told
        status = answer.status_code
        if status >= 500 or status in _PASSING:
            raise StoreUnavailable(f"{self._url} answered {status}")
        if isinstance(told, dict) and "code" in told:
            raise RemoteRefused(f"{self._url} answered {status}: {told.get('detail')}")
        raise RemoteRefused(f"{self._url} answered {status}, and is no gateway of Keyhouse")


def _json(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None

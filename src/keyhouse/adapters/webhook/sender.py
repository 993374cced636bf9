"""`ports.WebhookSender` on httpx: to an address that was looked at before.

The name is looked up here, and the connection goes to the very address that was
judged: a name which leads elsewhere a moment later gains nothing. Each event has
a connection of its own, as one that was opened for a name must not be used for
another at the same address.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

from keyhouse.core.addresses import is_loopback, is_public
from keyhouse.core.webhooks import ANSWER_LENGTH_MAX
from keyhouse.ports import Sent

SECONDS_MAX: Final = 15.0
"""From the look-up of the name to the end of the answer."""
_LOOKUPS_MAX: Final = 32


class _Refused(Exception):
    """The name leads to no address that events may be sent to."""


class HttpWebhookSender:
    """Made on the loop that uses it. Proxies of the environment are not used."""

    def __init__(self, tls: ssl.SSLContext, seconds_max: float = SECONDS_MAX) -> None:
        self._seconds_max = seconds_max
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls, limits=httpx.Limits(max_keepalive_connections=0)
        )
        # A resolver that hangs must not take the threads that the loop has.
        self._lookups = ThreadPoolExecutor(_LOOKUPS_MAX, "webhook-names")

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, private: bool
    ) -> Sent:
        """POST, without following a redirect; of the answer the first bytes."""
        try:
            async with asyncio.timeout(self._seconds_max):
                return await self._send(url, headers, body, private)
        except TimeoutError:
            return Sent(None, error=f"no answer in {self._seconds_max:g} s")
        except _Refused as error:
            return Sent(None, error=str(error))
        # A name that no resolver takes is a ValueError to Python.
        except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            return Sent(None, error=_words(error))

    async def close(self) -> None:
        """Close all connections."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        await self._transport.aclose()

    async def _send(
        self, url: str, headers: Mapping[str, str], body: bytes, private: bool
    ) -> Sent:
        named = httpx.URL(url)
        failure: Exception = OSError("the name has no address")
        for address in await self._addresses(named, private=private):
            try:
                return await self._post(named, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _post(
        self, named: httpx.URL, address: str, headers: Mapping[str, str], body: bytes
    ) -> Sent:
        told = {
            **headers,
            "host": named.netloc.decode("ascii"),
            "accept-encoding": "identity",
        }
        request = httpx.Request(
            "POST",
            named.copy_with(host=address),
            headers=told,
            content=body,
            # The certificate must be that of the name, not of the address.
            extensions={"sni_hostname": _name_of(named)},
        )
        answer = await self._transport.handle_async_request(request)
        try:
            return Sent(answer.status_code, await _beginning(answer))
        finally:
            await answer.aclose()

    async def _addresses(self, named: httpx.URL, *, private: bool) -> list[str]:
        """Where the name leads, as far as events may be sent there."""
        port = named.port or (443 if named.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        name = _name_of(named)
        found = await loop.run_in_executor(self._lookups, _looked_up, name, port)
        if not private:
            found = [address for address in found if is_public(address)]
        if named.scheme != "https":
            found = [address for address in found if is_loopback(address)]
        if not found:
            raise _Refused("the address is not one that events are sent to")
        return found


def tls_context() -> ssl.SSLContext:
    """How endpoints are spoken to: certificates are checked. Costs some 20 ms."""
    return ssl.create_default_context()


def _name_of(url: httpx.URL) -> str:
    """The host as it is written: httpx reads `xn--…`, and fails where it cannot."""
    return url.raw_host.decode("ascii")


def _looked_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _beginning(answer: httpx.Response) -> str:
    """The first bytes of the body as text that a database holds; no more is read."""
    taken = b""
    async for chunk in answer.aiter_raw():
        taken += chunk
        if len(taken) >= ANSWER_LENGTH_MAX:
            break
    text = taken[:ANSWER_LENGTH_MAX].decode("utf-8", "replace")
    return text.replace("\0", "?")


def _words(error: Exception) -> str:
    """Why it failed, without the address: names say enough, and it may hold a secret."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"no connection, or it broke: {type(error).__name__}"

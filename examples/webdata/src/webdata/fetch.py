"""Fetches pages for strangers, with a limit on everything."""

import asyncio
from collections.abc import Mapping
from email.message import Message
from typing import Final, NamedTuple

import httpx

from webdata.addresses import pinned
from webdata.problems import Problem, bad_page, bad_url

PAGE_BYTES_MAX: Final = 5 * 1024 * 1024
REDIRECTS_MAX: Final = 5
FETCH_SECONDS_MAX: Final = 20.0
PAUSE_SECONDS_MAX: Final = 8.0
URL_LENGTH_MAX: Final = 2000
HTML_TYPES: Final = frozenset(("text/html", "application/xhtml+xml"))

_HEADERS: Final = {
    "User-Agent": "webdata/0.1",
    "Accept": "text/html, application/xhtml+xml",
    # What is not packed cannot swell: the limit on bytes holds as it stands.
    "Accept-Encoding": "identity",
}
_PORTS: Final = {"http": 80, "https": 443}


class Page(NamedTuple):
    """What was fetched: where it was found in the end, and its bytes."""

    url: str
    content: bytes
    charset: str | None


class Fetcher:
    """Fetches HTML pages over http and https.

    Redirects are followed by hand, so that each address on the way is checked
    as the first one was; proxies and cookies are not used.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._http = httpx.AsyncClient(
            headers=_HEADERS,
            timeout=PAUSE_SECONDS_MAX,
            follow_redirects=False,
            trust_env=False,
            # One connection a fetch: none that was verified for one name serves another.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def fetch(self, address: str) -> Page:
        """The page at `address`. Raises Problem where there is none to be had."""
        try:
            async with asyncio.timeout(FETCH_SECONDS_MAX):
                return await self._follow(_parsed(address))
        except (TimeoutError, httpx.TimeoutException):
            raise bad_page("does not answer in time", status=504) from None
        except httpx.HTTPError as error:
            raise bad_page(f"cannot be fetched: {type(error).__name__}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _follow(self, url: httpx.URL) -> Page:
        for _ in range(REDIRECTS_MAX + 1):
            found = await self._get(url)
            if isinstance(found, Page):
                return found
            url = found
        raise bad_page(f"redirects more than {REDIRECTS_MAX} times")

    async def _get(self, url: httpx.URL) -> Page | httpx.URL:
        port = url.port or _PORTS[url.scheme]
        host = url.raw_host.decode("ascii")
        address = await pinned(host, port, allow_private=self._allow_private)
        request = self._http.build_request(
            "GET",
            url.copy_with(host=address, fragment=None),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": host},
        )
        try:
            response = await self._http.send(request, stream=True)
        except (httpx.InvalidURL, ValueError):
            # httpx reads where a redirect leads, though it is not to follow it.
            raise bad_page("redirects to no address") from None
        self._http.cookies.clear()
        try:
            target = _redirect(url, response)
            return target or await _read(url, response)
        finally:
            await response.aclose()


def media_type(headers: Mapping[str, str]) -> str:
    """The content type alone, in small letters; '' where none is told."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def charset(headers: Mapping[str, str]) -> str | None:
    """The charset that the content type names; None where it names none."""
    told = Message()
    told["content-type"] = headers.get("content-type", "")
    return told.get_content_charset()


def _parsed(address: str) -> httpx.URL:
    if len(address) > URL_LENGTH_MAX:
        raise bad_url(f"is longer than {URL_LENGTH_MAX} characters", "give a shorter one")
    try:
        url = httpx.URL(address)
        host = url.host
    except (httpx.InvalidURL, ValueError):
        raise bad_url("is no address", "give one as https://example.com/page") from None
    if url.scheme not in _PORTS or not host:
        raise bad_url("is not http or https", "give one as https://example.com/page")
    if url.userinfo:
        raise bad_url("holds a user name or password", "leave them out")
    return url


def _redirect(url: httpx.URL, response: httpx.Response) -> httpx.URL | None:
    if not response.has_redirect_location:
        return None
    try:
        return _parsed(str(url.join(response.headers["location"])))
    except (httpx.InvalidURL, ValueError):
        raise bad_page("redirects to no address") from None


async def _read(url: httpx.URL, response: httpx.Response) -> Page:
    if not response.is_success:
        raise bad_page(f"answers with status {response.status_code}")
    if media_type(response.headers) not in HTML_TYPES:
        raise bad_url("answers something that is not HTML", "give the address of a page")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise bad_page("answers packed, though that was not asked for")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > PAGE_BYTES_MAX:
            raise Problem(
                422,
                "page_too_large",
                "url",
                f"answers more than {PAGE_BYTES_MAX} bytes",
                "give the address of a smaller page",
            )
    return Page(str(url), bytes(content), response.charset_encoding)

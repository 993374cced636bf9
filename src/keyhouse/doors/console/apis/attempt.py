"""A call to try an API: with a pasted key, to the gateway's own address alone.

The console sends it, so it comes from this machine's network address. The key
is kept nowhere: neither in a row nor in a page.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import httpx

from keyhouse.core.entities import Api
from keyhouse.core.paths import plain_path
from keyhouse.core.secret import holds_ours
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import BY_CODE, Verdict

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SECONDS_MAX: Final = 10.0
BODY_SENT_MAX: Final = 65_536
BODY_SHOWN_MAX: Final = 65_536
_TARGET_LENGTH_MAX: Final = 2000
_AT_ONCE: Final = 8
"""Calls of all people together: each may hold a connection for SECONDS_MAX."""
_room = asyncio.Semaphore(_AT_ONCE)
_PROBLEM_TYPE: Final = "urn:keyhouse:problem:"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What to send: a path below the API's root, and the key as it was pasted."""

    method: str = "GET"
    path: str = "/"
    body: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


class Outcome(NamedTuple):
    """What came back. `body` is cut at BODY_SHOWN_MAX bytes, then `is_cut`."""

    status: int
    reason: str
    milliseconds: int
    headers: tuple[tuple[str, str], ...]
    content_type: str
    body: bytes
    is_cut: bool
    verdict: Verdict | None

    @property
    def request_id(self) -> str:
        """The gateway's id of the request, '' where it told none."""
        return dict(self.headers).get("keyhouse-request-id", "")


class NoAnswer(NamedTuple):
    """The gateway did not answer, and why."""

    reason: str


def read_attempt(form: Mapping[str, object]) -> tuple[Attempt, list[Problem]]:
    """What was typed, and what of it cannot be sent."""
    attempt = Attempt(
        method=str(form.get("method", "GET")),
        path=str(form.get("path", "")).strip() or "/",
        body=str(form.get("body", "")),
        secret=str(form.get("secret", "")).strip(),
    )
    return attempt, [*_of_place(attempt), *_of_content(attempt)]


def _of_place(attempt: Attempt) -> list[Problem]:
    problems = []
    if attempt.method not in METHODS:
        problems.append(Problem("method", "is no method", f"use {', '.join(METHODS)}"))
    path, _, query = attempt.path.partition("?")
    if holds_ours(attempt.path.encode("utf-8", "replace")):
        problems.append(Problem("path", "holds a key", "paste the key in its own field"))
    elif plain_path(path) is None or not _is_plain(query) or "#" in query:
        mend = "begin it with /, as /forecast?city=Berlin"
        problems.append(Problem("path", "is no path", mend))
    elif len(attempt.path) > _TARGET_LENGTH_MAX:
        problems.append(Problem("path", "is too long", f"use up to {_TARGET_LENGTH_MAX}"))
    return problems


def _of_content(attempt: Attempt) -> list[Problem]:
    problems = []
    if not _is_plain(attempt.secret):
        mend = "copy it once more, without spaces"
        problems.append(Problem("secret", "is no key", mend))
    if len(attempt.body.encode("utf-8", "replace")) > BODY_SENT_MAX:
        mend = f"send up to {BODY_SENT_MAX} bytes from here"
        problems.append(Problem("body", "is too long", mend))
    return problems


def _is_plain(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


async def send(gateway_url: str, api: Api, attempt: Attempt) -> Outcome | NoAnswer:
    """Send it and wait at most SECONDS_MAX. Follows no redirect."""
    url = f"{gateway_url}/{api.slug}{attempt.path}"
    began = time.monotonic()
    try:
        async with _room, asyncio.timeout(SECONDS_MAX):
            return await _exchange(url, attempt, _headers(api, attempt))
    except TimeoutError:
        return NoAnswer(f"{gateway_url} gave no answer within {SECONDS_MAX:.0f} seconds")
    except (httpx.HTTPError, httpx.InvalidURL):
        after = round((time.monotonic() - began) * 1000)
        return NoAnswer(f"{gateway_url} cannot be reached, or broke off after {after} ms")


def _headers(api: Api, attempt: Attempt) -> dict[str, str]:
    # Unpacked by nobody: a small body that unpacks to a great one does no harm.
    headers = {"User-Agent": "Keyhouse console", "Accept-Encoding": "identity"}
    if attempt.secret:
        headers[api.key_header] = attempt.secret
    if attempt.body:
        headers["Content-Type"] = _content_type(attempt.body)
    return headers


def _content_type(body: str) -> str:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "text/plain; charset=utf-8"
    return "application/json"


async def _exchange(url: str, attempt: Attempt, headers: Mapping[str, str]) -> Outcome:
    content = attempt.body.encode("utf-8", "replace") or None
    began = time.monotonic()
    async with (
        httpx.AsyncClient(trust_env=False, timeout=SECONDS_MAX) as client,
        client.stream(attempt.method, url, headers=headers, content=content) as response,
    ):
        body, is_cut = await _read(response)
    return Outcome(
        status=response.status_code,
        reason=response.reason_phrase,
        milliseconds=round((time.monotonic() - began) * 1000),
        headers=tuple(response.headers.multi_items()),
        content_type=response.headers.get("content-type", ""),
        body=body,
        is_cut=is_cut,
        verdict=_verdict(body),
    )


async def _read(response: httpx.Response) -> tuple[bytes, bool]:
    held = bytearray()
    async for piece in response.aiter_raw():
        held += piece
        if len(held) > BODY_SHOWN_MAX:
            return bytes(held[:BODY_SHOWN_MAX]), True
    return bytes(held), False


def _verdict(body: bytes) -> Verdict | None:
    """The verdict that a refusal of the gateway's own tells."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    kind = told.get("type") if isinstance(told, dict) else None
    if not isinstance(kind, str) or not kind.startswith(_PROBLEM_TYPE):
        return None
    return BY_CODE.get(kind.removeprefix(_PROBLEM_TYPE))


def readable(outcome: Outcome) -> str | None:
    """The body as text, JSON indented; None for what is no text."""
    try:
        text = outcome.body.decode("utf-8", "ignore" if outcome.is_cut else "strict")
    except UnicodeDecodeError:
        return None
    if "\0" in text or "content-encoding" in dict(outcome.headers):
        return None
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text

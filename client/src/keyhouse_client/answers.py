"""What comes back, and whether it is worth asking again."""

import json
from collections.abc import Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

import httpx

from keyhouse_client.calls import ATTEMPTS, Call, pause_seconds
from keyhouse_client.connection import DEFAULT_URL, URL_VARIABLE
from keyhouse_client.errors import KeyhouseError, ProblemError, Unreachable

Json = dict[str, Any]
"""An object of the management API, as its reference describes it."""

_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNAVAILABLE: Final = 503
_NO_CONTENT: Final = 204
_OF_GATEWAYS: Final = "api_not_found"
"""A gateway's answer to a path that leads to none of its APIs."""
_IS_GATEWAY: Final = (
    "is a gateway, where calls of your APIs come in; the address must be that of the "
    f"management API, by default {DEFAULT_URL} ({URL_VARIABLE})"
)


class Answer(NamedTuple):
    """An answer that is no refusal; `body` is empty where none came (204)."""

    status: int
    body: Json
    request_id: str
    change_seq: int | None
    """The change's number, where the write concerns the data plane."""
    etag: str | None = None
    """For `if_match` of a later change, where the answer is one object."""


Item = TypeVar("Item")


class Page(NamedTuple, Generic[Item]):
    """One page of a list; `next_cursor` is None on the last."""

    data: list[Item]
    next_cursor: str | None


def read(response: httpx.Response) -> Answer:
    """The answer in a response. Raises ProblemError for a refusal.

    Raises KeyhouseError for an answer that is not the management API's.
    """
    request_id = response.headers.get("Keyhouse-Request-Id", "")
    body = _object(response)
    if not response.is_success:
        problem = ProblemError(response.status_code, body or {}, request_id)
        if problem.code == _OF_GATEWAYS:
            raise KeyhouseError(f"{_asked(response.request)}: {_IS_GATEWAY}") from problem
        raise problem
    if body is None and response.status_code != _NO_CONTENT:
        raise _not_ours(_asked(response.request))
    seq = response.headers.get("Keyhouse-Change-Seq")
    return Answer(
        response.status_code,
        body or {},
        request_id,
        int(seq) if seq else None,
        response.headers.get("ETag"),
    )


def page(answer: Answer) -> Page[Json]:
    """The page that a list's answer holds. Raises KeyhouseError where it holds none."""
    data = answer.body.get("data")
    if not isinstance(data, list):
        raise _not_ours("what was asked for a list")
    return Page(data, answer.body.get("next_cursor"))


def line(text: str, response: httpx.Response) -> Json:
    """The object that a line of a streamed answer holds.

    Raises KeyhouseError where it holds none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _not_ours(_asked(response.request))
    return found


def failure(error: httpx.RequestError) -> KeyhouseError:
    """What to raise where no answer came, or none that could be read to its end."""
    told = f"{_asked(error.request)}: {_words(error)}"
    if isinstance(error, httpx.TransportError):
        return Unreachable(told)
    return KeyhouseError(told)


def pause(
    call: Call, outcome: httpx.Response | httpx.TransportError, attempt: int
) -> float:
    """Seconds until `call` is to be made again.

    Raises Unreachable where there was no answer and asking again is of no
    use, and gives -1 for an answer that stands.
    """
    spent = attempt >= ATTEMPTS
    if isinstance(outcome, httpx.Response):
        if spent or outcome.status_code != _UNAVAILABLE:
            return -1
        return pause_seconds(attempt, outcome.headers.get("Retry-After"))
    if spent or not (call.repeatable or isinstance(outcome, _UNSENT)):
        raise failure(outcome) from outcome
    return pause_seconds(attempt, None)


def _not_ours(asked: str) -> KeyhouseError:
    return KeyhouseError(
        f"{asked}: answers, and is no management API of Keyhouse; look at the address"
    )


def _object(response: httpx.Response) -> Json | None:
    if not response.headers.get("Content-Type", "").partition(";")[0].endswith("json"):
        return None
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return None
    return dict(found) if isinstance(found, Mapping) else None


def _asked(request: httpx.Request) -> str:
    """What was asked of whom: no query, which may be long, and no password."""
    url = request.url.copy_with(username=None, password=None, query=None)
    return f"{request.method} {url}"


def _words(error: httpx.RequestError) -> str:
    # What is said of a request that can't be sent quotes its headers.
    told = "" if isinstance(error, httpx.LocalProtocolError) else str(error)
    return told or type(error).__name__

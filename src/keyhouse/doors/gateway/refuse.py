"""What the gateway says itself: problems, refusals and the few answers of its own."""

import json
import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, NamedTuple

from keyhouse.core import answers
from keyhouse.core.decision import Decision
from keyhouse.core.verdict import Verdict


class Problem(NamedTuple):
    """A request that cannot be served, for a reason that is no verdict."""

    status: int
    code: str
    title: str
    detail: str


class Answer(NamedTuple):
    """A whole answer of ours; `headers` are complete lines besides the usual ones.

    `cache` is how it may be kept.
    """

    status: int
    content_type: str
    body: bytes
    headers: bytes = b""
    cache: bytes = b"no-store"


def bad_request(detail: str) -> Problem:
    """A request that is not HTTP as we take it."""
    return Problem(400, "bad_request", "Bad request", detail)


UNREADABLE: Final = bad_request("The request is not well-formed HTTP/1.1.")
NO_HOST: Final = bad_request("The Host header is missing.")
NOT_ORIGIN_FORM: Final = bad_request("The request target must be a path.")
CHUNKED_TOO_EARLY: Final = bad_request("HTTP/1.0 knows no chunked body.")
CHUNKS_LAVISH: Final = bad_request("Chunk extensions and trailers are too long.")
ENCODING_UNKNOWN: Final = Problem(
    501, "transfer_encoding_unknown", "Not implemented", "Bodies are plain or chunked."
)
AMBIGUOUS_PATH: Final = Problem(
    400,
    "ambiguous_path",
    "Ambiguous path",
    "The path has more than one reading: send no dot segments, no doubled or "
    "escaped slashes and no broken escapes.",
)
KEY_IN_PATH: Final = Problem(
    400, "key_in_path", "Key in the address", "Send the key in a header."
)
API_NOT_FOUND: Final = Problem(
    404, "api_not_found", "No such API", "No API has this address."
)
NOT_FOUND: Final = Problem(404, "not_found", "Not found", "There is nothing here.")
RESERVATION_NOT_FOUND: Final = Problem(
    404, "reservation_not_found", "No such reservation", "No reservation has this id."
)
RESERVATION_EXPIRED: Final = Problem(
    410,
    "reservation_expired",
    "The reservation is over",
    "Its hour is over: what was not settled by then is spent.",
)
RESERVATION_ENDED: Final = Problem(
    409,
    "reservation_ended",
    "The reservation is settled",
    "It was settled with other units, and that stays.",
)
METHOD_NOT_ALLOWED: Final = Problem(
    405, "method_not_allowed", "Method not allowed", "This method is not served here."
)
POST_ONLY: Final = Problem(
    405, "method_not_allowed", "Method not allowed", "Only POST is served here."
)
GET_ONLY: Final = Problem(
    405, "method_not_allowed", "Method not allowed", "Only GET is served here."
)
HEAD_TIMEOUT: Final = Problem(
    408, "request_timeout", "Request time-out", "The request took too long to arrive."
)
BODY_TOO_LARGE: Final = Problem(
    413, "body_too_large", "Body too large", "The body is longer than is taken here."
)
TARGET_TOO_LONG: Final = Problem(
    414, "target_too_long", "Address too long", "The path and query are too long."
)
EXPECTATION_UNKNOWN: Final = Problem(
    417, "expectation_unknown", "Expectation failed", "Only 100-continue is known."
)
HEAD_TOO_LARGE: Final = Problem(
    431, "head_too_large", "Headers too large", "The headers are too long."
)
TOO_MANY_HEADERS: Final = Problem(
    431, "head_too_large", "Headers too large", "There are too many headers."
)
UPGRADE_UNSUPPORTED: Final = Problem(
    501, "upgrade_unsupported", "Not implemented", "Connections cannot be upgraded."
)
UPSTREAM_UNREACHABLE: Final = Problem(
    502, "upstream_unreachable", "Bad gateway", "The API behind cannot be reached."
)
UPSTREAM_FAILED: Final = Problem(
    502, "upstream_failed", "Bad gateway", "The API behind gave no proper answer."
)
UPSTREAM_MISSING: Final = Problem(
    502,
    "upstream_missing",
    "Bad gateway",
    "The API has no upstream for the environment of this key.",
)
IDENTITY_UNSIGNED: Final = Problem(
    502,
    "identity_unsigned",
    "Bad gateway",
    "The API behind wants a signed token of who calls, and no key is there to sign it.",
)
UPSTREAM_HEADER_LOST: Final = Problem(
    502,
    "upstream_header_lost",
    "Bad gateway",
    "A header that the API behind needs cannot be unsealed; its owner sets it anew.",
)
UNAVAILABLE: Final = Problem(
    Verdict.UNAVAILABLE.status,
    Verdict.UNAVAILABLE.code,
    Verdict.UNAVAILABLE.title,
    Verdict.UNAVAILABLE.detail,
)
UPSTREAM_TIMEOUT: Final = Problem(
    504, "upstream_timeout", "Gateway time-out", "The API behind took too long."
)
VERSION_UNSUPPORTED: Final = Problem(
    505, "version_unsupported", "Version not supported", "Speak HTTP/1.1."
)


def of_problem(problem: Problem, request_id: str) -> Answer:
    """The answer that tells of a problem."""
    body = {
        "type": f"urn:keyhouse:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
    }
    headers = _PROBLEM_HEADERS.get(problem, b"")
    return Answer(problem.status, answers.PROBLEM_TYPE, to_json(body), headers)


_PROBLEM_HEADERS: Final = {
    METHOD_NOT_ALLOWED: b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n",
    GET_ONLY: b"Allow: GET, HEAD\r\n",
    POST_ONLY: b"Allow: POST\r\n",
    UNAVAILABLE: b"Retry-After: 1\r\n",
}


def of_verdict(decision: Decision, request_id: str) -> Answer:
    """The answer that refuses what a decision refused."""
    verdict = decision.verdict
    body = answers.problem(verdict, request_id, decision)
    headers = header_lines(answers.refusal_headers(decision))
    return Answer(verdict.status, answers.PROBLEM_TYPE, to_json(body), headers)


def of_caller(verdict: Verdict, request_id: str) -> Answer:
    """The answer to one who may not use an endpoint of ours."""
    return of_verdict(Decision(verdict, 0), request_id)


def to_json(body: object) -> bytes:
    """Compact JSON."""
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header lines in bytes, whatever stands in names of limits and scopes."""
    return b"".join(
        b"%s: %s\r\n" % (name.encode("ascii"), safe(value)) for name, value in headers
    )


def safe(text: str) -> bytes:
    """`text` as a header's value: UTF-8, percent-encoded where it is not plain."""
    if text.isascii() and text.isprintable():
        return text.encode("ascii")
    return b"".join(
        b"%c" % byte if 0x20 <= byte < 0x7F else b"%%%02X" % byte
        for byte in text.encode("utf-8", "replace")
    )


def status_line(status: int) -> bytes:
    """The first line of an answer; a phrase where the status is a known one."""
    line = STATUS_LINES.get(status)
    return b"HTTP/1.1 %d \r\n" % status if line is None else line


STATUS_LINES: Final[dict[int, bytes]] = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode("ascii"))
    for status in HTTPStatus
}


class _Dates:
    """The Date header, written once a second."""

    __slots__ = ("_date", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._date = b""

    def now(self) -> bytes:
        """That of this second."""
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._date = formatdate(now, usegmt=True).encode("ascii")
        return self._date


_DATES: Final = _Dates()


def to_bytes(answer: Answer, request_id: str, *, connection: bytes, is_head: bool) -> bytes:
    """The answer as it goes over the wire; `connection` is a line or nothing."""
    return (
        b"%bContent-Type: %b\r\nContent-Length: %d\r\nCache-Control: %b\r\n"
        b"Date: %b\r\nKeyhouse-Request-Id: %b\r\n%b%b\r\n%b"
    ) % (
        status_line(answer.status),
        answer.content_type.encode("ascii"),
        len(answer.body),
        answer.cache,
        _DATES.now(),
        request_id.encode("ascii"),
        answer.headers,
        connection,
        b"" if is_head else answer.body,
    )

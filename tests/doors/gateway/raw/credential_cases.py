"""Requests with a key in each place where one may stand, and what is nearly that."""

from base64 import b64encode
from typing import Final

from tests.doors.gateway.doubles import KEY, NAMED, NAMED_ID
from tests.doors.gateway.raw.cases import GET_LINE, HOST, POST_LINE

_UPGRADE: Final = (
    b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
)


def basic(text: bytes) -> bytes:
    """HTTP Basic with that user and password."""
    return b"Authorization: Basic " + b64encode(text) + b"\r\n"


_PAIR: Final = NAMED_ID.encode() + b":" + NAMED
_OTHER_ID: Final = NAMED_ID[:-1].encode() + b"z"
_BEARER: Final = b"Authorization: Bearer " + NAMED + b"\r\n"
_BASIC: Final = basic(_PAIR)
_KEY: Final = b"X-API-Key: " + NAMED + b"\r\n"
GOOD: Final = [
    _BEARER,
    _BASIC,
    _KEY + _BEARER,
    _KEY + _BASIC,
    b"authorization:bAsIc   " + b64encode(_PAIR) + b" \r\n",
    _KEY + b"Authorization: Basic dXNlcjpwYXNz\r\n",
    _KEY + b"Authorization: Digest username=x\r\n",
]
"""Lines with one key of ours; the last two have what is the upstream's beside it."""
REFUSED: Final = [
    basic(_OTHER_ID + b":" + NAMED),
    basic(b"somebody:" + NAMED),
    basic(b":" + NAMED),
    basic(NAMED + b":"),
    basic(NAMED_ID.encode() + b":" + KEY),
    b"Authorization: Basic " + b64encode(_PAIR)[:-5] + b"\r\n",
    b"Authorization: Basic\r\n",
    b"Authorization: Basic \xff\xfe\r\n",
    b"Authorization: Bearer\r\n",
    b"Authorization: Bearer " + NAMED[:-1] + b"\r\n",
    _KEY + b"Authorization: Bearer " + KEY + b"\r\n",
    _KEY + basic(NAMED_ID.encode() + b":" + KEY),
    _KEY + basic(_OTHER_ID + b":" + NAMED),
    _BASIC + basic(_OTHER_ID + b":" + NAMED),
]
CREDENTIALS: Final = [
    (line + HOST + lines + more + b"\r\n" + body, lines in GOOD)
    for lines in (*GOOD, *REFUSED)
    for line, more, body in (
        (GET_LINE, b"", b""),
        (GET_LINE, _UPGRADE, b""),
        (POST_LINE, b"Content-Length: 5\r\n", b"hello"),
    )
]
"""Requests, and whether they pass."""

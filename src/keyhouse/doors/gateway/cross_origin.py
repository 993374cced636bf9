"""CORS at the gateway: preflights are answered here, answers marked for their page."""

from typing import TYPE_CHECKING, Final

from keyhouse.core.cors import CORS_PREFIX, preflight_headers, shared_headers
from keyhouse.core.records import ApiRecord
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.head import without_lines

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange

_PREFIX: Final = CORS_PREFIX.encode("ascii")
_METHOD_HEADER: Final = b"access-control-request-method"
_NAMES_HEADER: Final = b"access-control-request-headers"
ORIGIN_NOT_ALLOWED: Final = refuse.Problem(
    403,
    "origin_not_allowed",
    "Origin not allowed",
    "The API does not answer pages of this origin.",
)


def share(exchange: "Exchange", api: ApiRecord) -> bool:
    """Whether this was a preflight, and is answered.

    Of an API that answers pages, the upstream's own word on CORS never goes
    on; `cors` is what does, nothing for origins that are not allowed.
    """
    origins = api.cors_origins
    if origins is None or not exchange.origin:
        return False
    allowed = origins.admit("", exchange.origin)
    exchange.cors = b""
    if allowed:
        exchange.cors = refuse.header_lines(shared_headers(exchange.origin))
    if not _is_preflight(exchange, api):
        return False
    if allowed:
        exchange.cors = None
        asked = b", ".join(exchange.take_header(_NAMES_HEADER)).decode("latin-1")
        headers = refuse.header_lines(preflight_headers(exchange.origin, asked))
        exchange.reply(refuse.Answer(204, "", b"", headers))
    else:
        exchange.fail(ORIGIN_NOT_ALLOWED)
    return True


def _is_preflight(exchange: "Exchange", api: ApiRecord) -> bool:
    """An OPTIONS that a browser sends by itself: it never has a credential."""
    if exchange.method != "OPTIONS" or exchange.key or exchange.authorization:
        return False
    return exchange.has_header(_METHOD_HEADER) and not exchange.has_header(api.key_header)


def mark(out: list[bytes], cors: bytes) -> None:
    """Replace the upstream's own word on CORS in the head of an answer by ours."""
    out[:] = without_lines(out, (_PREFIX,))
    if cors:
        out.append(cors)

"""The key in a query string: taken out before anybody else reads it."""

from typing import NamedTuple
from urllib.parse import unquote_to_bytes


class Cut(NamedTuple):
    """The values of the parameter, and the query without it."""

    values: list[bytes]
    rest: bytes


def cut_parameter(query: bytes, name: bytes) -> Cut:
    """Cut all occurrences of `name` out, however they are escaped.

    The rest keeps its bytes and its order.
    """
    values: list[bytes] = []
    kept: list[bytes] = []
    for piece in query.split(b"&"):
        field, _, value = piece.partition(b"=")
        if _plain(field) == name:
            values.append(_plain(value))
        else:
            kept.append(piece)
    return Cut(values, b"&".join(kept)) if values else Cut(values, query)


def _plain(text: bytes) -> bytes:
    if b"%" not in text and b"+" not in text:
        return text
    return unquote_to_bytes(text.replace(b"+", b" "))

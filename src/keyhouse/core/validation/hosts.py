"""Checks of the places at which an API is called: hosts, and prefixes below them."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from keyhouse.core.hosts import is_name, is_starred, parent_of, parts_of
from keyhouse.core.validation.problem import Problem, check_items

PREFIX_LENGTH_MAX: Final = 128
PREFIX_SEGMENTS_MAX: Final = 8
_OWN: Final = ".keyhouse"
_DOTS: Final = frozenset((".", ".."))
_MEND: Final = (
    "write it as api.example.com, *.example.com or api.example.com/weather: "
    "lower case, no port, other letters than a-z as xn--…"
)
# What no server has to escape, so that a prefix has one spelling (RFC 3986, 2.3).
_is_plain: Final = re.compile(r"[A-Za-z0-9._~/-]*").fullmatch


def check_hosts(field: str, hosts: Sequence[str], own: Collection[str]) -> list[Problem]:
    """Places of an API. `own` are names of Keyhouse itself, which no API may have."""
    return check_items(field, hosts, _check(own))


def _check(own: Collection[str]) -> Callable[[str, str], list[Problem]]:
    def check(field: str, place: str) -> list[Problem]:
        host, prefix = parts_of(place)
        told = _wrong_host(host, own) or _wrong_prefix(prefix)
        return [Problem(field, *told)] if told else []

    return check


def _wrong_host(host: str, own: Collection[str]) -> tuple[str, str] | None:
    if host in own:
        return "is a name of Keyhouse itself", "choose another"
    if not is_starred(host):
        return None if is_name(host) else ("is no host", _MEND)
    parent = parent_of(host)
    if not is_name(parent):
        return "is no host", _MEND
    if "." not in parent:
        return "covers too much", "put two labels behind the star"
    return None


def _wrong_prefix(prefix: str) -> tuple[str, str] | None:
    """What is wrong with what stands behind a host: a prefix has one reading alone."""
    if not prefix:
        return None
    segments = prefix.split("/")[1:]
    if len(prefix) > PREFIX_LENGTH_MAX or len(segments) > PREFIX_SEGMENTS_MAX:
        most = f"{PREFIX_LENGTH_MAX} characters and {PREFIX_SEGMENTS_MAX} segments"
        return "has too long a prefix", f"shorten the prefix to {most} at most"
    if not _is_plain(prefix):
        mend = "write the prefix with letters, digits, - . _ and ~ alone, and no escapes"
        return "has a prefix with other characters", mend
    if not segments[-1]:
        return "ends with a slash", "leave the slash at its end out"
    if "" in segments or not _DOTS.isdisjoint(segments):
        mend = "leave empty segments, . and .. out of the prefix"
        return "has a prefix with more than one reading", mend
    if segments[0].lower() == _OWN:
        return "has Keyhouse's own prefix", "choose another than /.keyhouse"
    return None

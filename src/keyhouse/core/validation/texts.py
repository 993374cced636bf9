"""Checks of names, slugs, times and what else is plain text or data."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from keyhouse.core.entities import Environment, KeyKind
from keyhouse.core.validation.problem import Problem

NAME_LENGTH_MAX: Final = 120
TEXT_LENGTH_MAX: Final = 2000
TIME_US_MAX: Final = 253_402_300_800_000_000
"""The year 10000, which RFC 3339 cannot write."""
METADATA_BYTES_MAX: Final = 16_384
METADATA_DEPTH_MAX: Final = 8
RESERVED_SLUGS: Final = frozenset(("keyhouse", "favicon-ico", "robots-txt", "well-known"))
TAGS_MAX: Final = 20
_TAG: Final = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,49}")
_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")
_EMAIL: Final = re.compile(
    r"(?!.*=\?)"  # begins an encoded word (RFC 2047), which would read as something else
    r"[^\s@<>\"',;:\\()\[\]]{1,64}"
    r"@[a-z0-9_\x80-\U0010ffff-]{1,63}(?:\.[a-z0-9_\x80-\U0010ffff-]{1,63})*",
    re.IGNORECASE,
)


def check_name(field: str, value: str) -> list[Problem]:
    """A name that people read: one line, neither empty nor padded."""
    if not value.strip():
        return [Problem(field, "is empty", "give it a name")]
    if value != value.strip():
        return [Problem(field, "begins or ends with a space", "leave the spaces out")]
    return check_text(field, value, NAME_LENGTH_MAX)


def check_text(field: str, value: str, length_max: int = TEXT_LENGTH_MAX) -> list[Problem]:
    """A text on one line; it may be empty."""
    if len(value) > length_max:
        return [Problem(field, f"is longer than {length_max} characters", "shorten it")]
    if not value.isprintable():
        return [Problem(field, "has characters that cannot be printed", "leave them out")]
    return []


def check_email(field: str, value: str) -> list[Problem]:
    """An address for mail; whether it exists only a message can tell."""
    if len(value) > 254 or _EMAIL.fullmatch(value) is None or not value.isprintable():
        return [Problem(field, "is no mail address", "write it as name@example.com")]
    return []


def is_slug(text: str) -> bool:
    """Whether `text` has the form of an API's name in addresses; it need not exist."""
    return _SLUG.fullmatch(text) is not None


def check_slug(field: str, value: str) -> list[Problem]:
    """The name of an API in addresses."""
    if not is_slug(value):
        mend = "use 2 to 63 of a-z, 0-9 and -, beginning with a letter"
        return [Problem(field, "is no slug", mend)]
    if value in RESERVED_SLUGS:
        return [Problem(field, "is reserved", "choose another slug")]
    return []


def check_environment(field: str, value: str) -> list[Problem]:
    """The name of an environment."""
    if value not in tuple(Environment):
        return [Problem(field, "is no environment", "choose live or test")]
    return []


def check_key_environment(
    field: str, kind: KeyKind, environment: Environment | None
) -> list[Problem]:
    """Whether keys of this kind have, or lack, an environment."""
    if kind is KeyKind.MANAGEMENT and environment is not None:
        return [Problem(field, "is not for management keys", "leave it out")]
    if kind is not KeyKind.MANAGEMENT and environment is None:
        return [Problem(field, "is missing", "choose live or test")]
    return []


def check_tags(field: str, tags: Sequence[str]) -> list[Problem]:
    """Short labels, by which things are found."""
    if len(tags) > TAGS_MAX:
        return [Problem(field, f"has more than {TAGS_MAX} tags", "leave some out")]
    mend = "use 1 to 50 of a-z, 0-9 and ._:/-, beginning with a letter or digit"
    return [
        Problem(f"{field}.{index}", "is no tag", mend)
        for index, tag in enumerate(tags)
        if _TAG.fullmatch(tag) is None
    ]


def check_times(
    starts_field: str, starts_us: int | None, ends_field: str, ends_us: int | None
) -> list[Problem]:
    """A start and an end, either of which may be open."""
    problems = [
        Problem(field, "is no time", "give a time from 1970 to 9999")
        for field, time_us in ((starts_field, starts_us), (ends_field, ends_us))
        if time_us is not None and not 0 <= time_us < TIME_US_MAX
    ]
    if not problems and ends_us is not None and ends_us <= (starts_us or 0):
        problems.append(Problem(ends_field, "is not after the start", "choose a later end"))
    return problems


def check_metadata(field: str, value: Mapping[str, Any]) -> list[Problem]:
    """What owners keep with a key: JSON of a bounded size and depth, without NUL."""
    if _depth(value, METADATA_DEPTH_MAX) > METADATA_DEPTH_MAX:
        reason = f"is nested deeper than {METADATA_DEPTH_MAX}"
        return [Problem(field, reason, "flatten it")]
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError):
        return [Problem(field, "is not JSON", "use texts, numbers, lists and objects")]
    if size > METADATA_BYTES_MAX:
        return [Problem(field, f"is over {METADATA_BYTES_MAX} bytes", "keep less in it")]
    if _holds_nul(value):  # PostgreSQL keeps none
        return [Problem(field, "holds a NUL character", "leave it out")]
    return []


def _holds_nul(value: object) -> bool:
    """Whether a text in `value`, whose depth is bounded already, holds a NUL."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, list | tuple) and any(_holds_nul(one) for one in value)


def _depth(value: object, room: int) -> int:
    """How deep `value` is nested, at most one more than `room`."""
    if isinstance(value, Mapping):
        inner: Collection[object] = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    else:
        return 0
    if room == 0:
        return 1
    return 1 + max((_depth(one, room - 1) for one in inner), default=0)

"""What a cell of CSV says of access and limits, as the command line writes it."""

import re
from typing import Final

from keyhouse.core.entities import ImportAccess, Limit, LimitKind, Window

ACCESS_FORM: Final = "API[:SCOPE,@ROLE], several joined by ;"
LIMITS_FORM: Final = "NAME=UNITS/SECONDS[:BURST] or NAME=UNITS/WINDOW[@ZONE], joined by ;"
_RATE: Final = re.compile(r"([^=]+)=(\d{1,18})/(\d{1,18})(?::(\d{1,18}))?", re.ASCII)
_QUOTA: Final = re.compile(
    r"([^=]+)=(\d{1,18})/(hour|day|week|month)(?:@([\w/+-]+))?", re.ASCII
)
_ROLE: Final = "@"


def read_access(text: str) -> tuple[ImportAccess, ...]:
    """`weather:forecast:read,@reader; maps`: the first colon ends an API's name."""
    return tuple(_access(one.strip()) for one in text.split(";") if one.strip())


def _access(text: str) -> ImportAccess:
    api, _, rest = text.partition(":")
    held = [one.strip() for one in rest.split(",") if one.strip()]
    return ImportAccess(
        api=api.strip(),
        scopes=tuple(one for one in held if not one.startswith(_ROLE)),
        roles=tuple(one.removeprefix(_ROLE) for one in held if one.startswith(_ROLE)),
    )


def read_limits(text: str) -> tuple[Limit, ...]:
    """`per-minute=60/60:10; daily=1000/day@Europe/Berlin`. Raises ValueError."""
    return tuple(_limit(one.strip()) for one in text.split(";") if one.strip())


def _limit(text: str) -> Limit:
    rate = _RATE.fullmatch(text)
    if rate is not None:
        name, units, seconds, burst = rate.groups()
        return Limit(
            name=name,
            kind=LimitKind.RATE,
            amount=int(units),
            period_seconds=int(seconds),
            burst=int(burst) if burst else None,
        )
    quota = _QUOTA.fullmatch(text)
    if quota is None:
        raise ValueError("is no limit")
    name, units, window, zone = quota.groups()
    return Limit(
        name=name,
        kind=LimitKind.QUOTA,
        amount=int(units),
        window=Window(window),
        zone=zone or "UTC",
    )

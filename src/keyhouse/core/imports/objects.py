"""What JSON says of access and limits, as `POST /v1/keys` takes it."""

from typing import Any

from keyhouse.core.entities import ImportAccess, Limit, LimitKind, Window

_ACCESS = frozenset(("api", "scopes", "roles"))
_RATE = frozenset(("name", "rate", "period_seconds", "burst"))
_QUOTA = frozenset(("name", "quota", "window", "zone", "offset_seconds"))


def access_of(values: list[object]) -> tuple[ImportAccess, ...]:
    """`[{"api", "scopes", "roles"}]`. Raises ValueError, TypeError and KeyError."""
    return tuple(_access(_fields(value, _ACCESS)) for value in values)


def _access(given: dict[str, Any]) -> ImportAccess:
    return ImportAccess(
        api=_text(given["api"]),
        scopes=tuple(map(_text, _items(given.get("scopes")))),
        roles=tuple(map(_text, _items(given.get("roles")))),
    )


def limits_of(values: list[object]) -> tuple[Limit, ...]:
    """Rates and quotas. Raises ValueError, TypeError and KeyError."""
    return tuple(_limit(value) for value in values)


def _limit(value: object) -> Limit:
    if isinstance(value, dict) and "rate" in value:
        given = _fields(value, _RATE)
        burst = given.get("burst")
        return Limit(
            name=_text(given["name"]),
            kind=LimitKind.RATE,
            amount=_number(given["rate"]),
            period_seconds=_number(given["period_seconds"]),
            burst=None if burst is None else _number(burst),
        )
    given = _fields(value, _QUOTA)
    return Limit(
        name=_text(given["name"]),
        kind=LimitKind.QUOTA,
        amount=_number(given["quota"]),
        window=Window(given["window"]),
        zone=_text(given.get("zone", "UTC")),
        offset_seconds=_number(given.get("offset_seconds", 0)),
    )


def _fields(value: object, known: frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= known:
        raise ValueError("is no such object")
    return value


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError("is no list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("is no text")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("is no whole number")
    return value

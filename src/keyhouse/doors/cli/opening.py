"""What a key or a plan opens, as it is written on the line."""

from typing import Any, Final

_ROLE: Final = "@"


def opening(text: str) -> dict[str, Any]:
    """`weather:forecast:read,@reader`: the first colon ends the API's name."""
    api, _, rest = text.partition(":")
    held = [one for one in rest.split(",") if one]
    scopes = [one for one in held if not one.startswith(_ROLE)]
    roles = [one.removeprefix(_ROLE) for one in held if one.startswith(_ROLE)]
    return {"api": api, "scopes": scopes, **({"roles": roles} if roles else {})}

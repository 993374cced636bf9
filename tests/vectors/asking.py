"""A step's request as it goes over the wire."""

from typing import Any

from keyhouse.core.entities import Api
from tests.vectors.filling import World

Headers = list[tuple[str, str]]


def headers_of(world: World, request: dict[str, Any]) -> Headers:
    """The headers that the caller sends, the credentials among them."""
    api = world.get(Api, request["api"]) if request["api"] in world.ids else None
    given = request["credentials"]
    headers: Headers = []
    if "header" in given:
        name = api.key_header if api else "X-API-Key"
        headers += [(name, world.filled(one)) for one in listed(given["header"])]
    if "authorization" in given:
        told = [world.filled(one) for one in listed(given["authorization"])]
        headers += [("Authorization", one) for one in told]
    for member, name in (("referrer", "Referer"), ("origin", "Origin")):
        if member in request:
            headers.append((name, request[member]))
    headers += app_of(request.get("app", ""))
    if request.get("browser"):
        headers.append(("Sec-Fetch-Site", "cross-site"))
    for name, value in request.get("headers", {}).items():
        headers += [(name, world.filled(one)) for one in listed(value)]
    return headers


def query_of(world: World, request: dict[str, Any]) -> str:
    """The query with `?` before it, or nothing."""
    pieces = [world.filled(request["query"])] if "query" in request else []
    for value in listed(request["credentials"].get("parameter", [])):
        api = world.get(Api, request["api"])
        pieces.append(f"{api.query_parameter}={world.filled(value)}")
    return "?" + "&".join(pieces) if pieces else ""


def app_of(app: str) -> Headers:
    """How an app names itself."""
    system, _, name = app.partition(":")
    if system == "ios":
        return [("X-Ios-Bundle-Identifier", name)]
    package, _, certificate = name.partition(":")
    told = [("X-Android-Package", package), ("X-Android-Cert", certificate)]
    return [(header, value) for header, value in told if value]


def scheme_of(request: dict[str, Any]) -> str:
    """How the request came to whoever knows."""
    return "https" if request.get("tls") else "http"


def slug_of(world: World, request: dict[str, Any]) -> str:
    """The slug of the API; a name that is none of the case's stands for itself."""
    name: str = request["api"]
    return world.slugs.get(name, name)


def listed(value: Any) -> list[str]:
    """One value or several."""
    return value if isinstance(value, list) else [value]

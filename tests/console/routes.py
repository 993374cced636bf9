"""All ways into the console: each method of each route of the app that runs."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route


class Way(NamedTuple):
    """One method of one route. `path` has its parameters in braces."""

    method: str
    path: str

    @property
    def is_safe(self) -> bool:
        """Whether it may change nothing (RFC 9110, 9.2.1)."""
        return self.method == "GET"

    @property
    def parameters(self) -> list[str]:
        """The names of what the path is filled with."""
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)

    def to(self, ids: Mapping[str, str]) -> str:
        """The path with these in it; KeyError for a parameter nobody thought of."""
        return re.sub(r"{(\w+)(?::\w+)?}", lambda found: ids[found[1]], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def ways_into(app: Starlette) -> list[Way]:
    """Every way, but HEAD, which is GET without the body."""
    found = [way for route in app.routes for way in _ways(route, "")]
    assert found, "an app without routes would pass every walk"
    return found


def _ways(route: BaseRoute, before: str) -> Iterator[Way]:
    if isinstance(route, Mount):
        for inner in route.routes:
            yield from _ways(inner, before + route.path)
    elif isinstance(route, Route):
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            yield Way(method, before + route.path)
    else:
        raise TypeError(f"a walk does not know how to go through {route!r}")

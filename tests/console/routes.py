"""All ways into the console: each method of each route of the app that runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute


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


def ways_into(app: FastAPI) -> list[Way]:
    """Every way, but HEAD, which is GET without the body."""
    return ways_of(app.routes)


def ways_of(routes: Sequence[BaseRoute]) -> list[Way]:
    """The same for some routes."""
    found = [way for route in iter_route_contexts(routes) for way in _ways(route)]
    assert found, "an app without routes would pass every walk"
    return found


def _ways(route: RouteContext) -> Iterator[Way]:
    # What has no methods is a mounted app, with ways of its own that nobody walks.
    assert route.path is not None, f"no way to walk through {route!r}"
    assert route.methods, f"no way to walk through {route!r}"
    for method in sorted(route.methods - {"HEAD"}):
        yield Way(method, route.path)

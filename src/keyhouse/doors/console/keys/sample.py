"""A call that a key can really make: a path that is there and open to it."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from keyhouse.core.entities import Restrictions, Route
from keyhouse.core.globs import WILDCARD
from keyhouse.core.patterns import Endpoints, parse_endpoint
from keyhouse.core.scopes import meets_all

_HARMLESS: Final = ("GET", "HEAD")


class Sample(NamedTuple):
    """Method and path below the API's root."""

    method: str
    path: str


def sample(
    routes: Sequence[Route], scopes: Collection[str], restrictions: Restrictions
) -> Sample:
    """What to call first. `/` where nothing better is known.

    A path that an API's route or the key's restriction spells out is likely to
    be there; one made from a pattern may not be, so it comes after the root.
    """
    ordered = sorted(routes, key=lambda route: route.position)
    named = [parse_endpoint(text) for text in restrictions.endpoints]
    named += [(route.method, route.path) for route in ordered]
    spelled = [Sample(_method(m), p) for m, p in named if not WILDCARD.search(p)]
    made = [Sample(_method(m), _filled(p)) for m, p in named if WILDCARD.search(p)]
    likely = [*spelled, Sample("GET", "/"), *made]
    gentle = sorted(likely, key=lambda one: one.method not in _HARMLESS)
    opens = _Opening(ordered, frozenset(scopes), restrictions)
    return next((one for one in gentle if opens.admits(one)), Sample("GET", "/"))


def sample_page(restrictions: Restrictions) -> str:
    """A page that the key may be used from, '' where any will do."""
    if not restrictions.referrers:
        return ""
    scheme, _, rest = restrictions.referrers[0].rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.removeprefix("*.").replace(":*", "").replace("*", "example.com")
    plain = path.replace("*", "")
    return f"{scheme if scheme not in ('', '*') else 'https'}://{host}{slash or '/'}{plain}"


class _Opening:
    """What the gateway will ask of a call, as far as paths and scopes go."""

    def __init__(
        self, routes: Sequence[Route], held: frozenset[str], restrictions: Restrictions
    ) -> None:
        self._routes = routes
        self._held = held
        self._found = Endpoints([(route.method, route.path) for route in routes])
        named = [parse_endpoint(text) for text in restrictions.endpoints]
        self._allowed = Endpoints(named) if named else None

    def admits(self, one: Sample) -> bool:
        """Whether a call passes."""
        if self._allowed and self._allowed.find(one.method, one.path) is None:
            return False
        index = self._found.find(one.method, one.path) if self._routes else None
        return index is None or meets_all(self._held, self._routes[index].scopes)


def _method(method: str) -> str:
    return "GET" if method == "*" else method


def _filled(pattern: str) -> str:
    return WILDCARD.sub(lambda wild: "" if wild[0] == "**" else "1", pattern)

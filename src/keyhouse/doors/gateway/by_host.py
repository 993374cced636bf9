"""Requests that find their API by the host they were sent to, and by their path there.

`/.keyhouse/` is Keyhouse's own on every host, then comes the host, then the
slug. A host that is none of an API's changes nothing; on one that is, no slug
leads anywhere: whoever holds the name vouches for all that is below it.
"""

from typing import TYPE_CHECKING, Final

from keyhouse.core.hosts import read_host
from keyhouse.core.prefixes import Prefixes
from keyhouse.doors.gateway.targets import OWN_SLUG, Place, led_place

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyhouse.doors.gateway.exchange import Exchange

_NAMES_MAX: Final = 4096
_LENGTH_MAX: Final = 300


class HostNames(dict[bytes, str]):
    """What Host headers name, learnt once for each spelling; `""` for no name that

    an API can have, as one of `own`, Keyhouse's own names.
    """

    def __init__(self, own: "Collection[str]") -> None:
        super().__init__()
        self._own = own

    def __missing__(self, header: bytes) -> str:
        """The name in a header not seen so far."""
        name = read_host(header.decode("latin-1")) or ""
        if name in self._own:
            name = ""
        if len(header) <= _LENGTH_MAX:
            if len(self) >= _NAMES_MAX:
                self.clear()
            self[header] = name
        return name


def place_at(exchange: "Exchange", place: Place) -> Place | None:
    """Where the request leads by its host, or else by its path.

    None where the host has to be looked up first.
    """
    name = _name(exchange)
    if not name or place.slug is None or place.slug == OWN_SLUG:
        return place
    lead = exchange.gate.hosts.lead(name)
    if lead is None:
        return None
    return led_place(place, lead) if lead else place


def find(exchange: "Exchange", place: Place) -> None:
    """Look the host up, and go on."""
    exchange.path = place.path

    def found(outcome: object) -> None:
        if exchange.over:
            return
        if isinstance(outcome, str | Prefixes):
            exchange.lead(led_place(place, outcome) if outcome else place)
        else:
            exchange.unfound()

    verifier = exchange.gate.plane.verifier
    exchange.caller.wait(verifier.host(_name(exchange), exchange.seen.address), found)


def _name(exchange: "Exchange") -> str:
    """The host that was asked for: as a trusted proxy tells it, or else as it stands."""
    header = exchange.forwarded_host or exchange.host
    return exchange.gate.host_names[header] if header else ""

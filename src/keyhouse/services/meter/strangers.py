"""Where requests without a known key come from, summed up in bounded memory.

A stranger may have as many networks as he likes, IPv6 above all. The first
`VALUES_A_BATCH` of a group have a count of their own, and not more than
`VALUES_A_BATCH_IN_ALL` of a stretch; all others of the group share one.
"""

from typing import Final

from keyhouse.core.addresses import format_source_network, source_network
from keyhouse.core.observations import (
    OTHER,
    STRANGE,
    VALUES_A_BATCH,
    VALUES_A_BATCH_IN_ALL,
    Dimension,
    ObservationGroup,
    Seen,
)
from keyhouse.core.usage import Use

_DAY_US: Final = 86_400 * 1_000_000
_STRANGE: Final = frozenset(verdict.number for verdict in STRANGE)
_OTHER: Final = -2
"""No network: those are addresses, or UNKNOWN."""


class Room:
    """The places that all groups share."""

    __slots__ = ("_left",)

    def __init__(self, places: int = VALUES_A_BATCH_IN_ALL) -> None:
        self._left = places

    def take(self) -> bool:
        """Take one; False where there is none left."""
        if not self._left:
            return False
        self._left -= 1
        return True


class Networks:
    """The networks of one group."""

    __slots__ = ("_room", "_seen")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen: dict[int, Seen] = {}

    def add(self, address: int, at_us: int) -> None:
        """Count a request from that address."""
        network = source_network(address)
        seen = self._seen.get(network)
        if seen is None and not self._has_place():
            network = _OTHER
            seen = self._seen.get(network)
        if seen is None:
            self._seen[network] = Seen(1, at_us, at_us)
        else:
            seen.again(at_us)

    def _has_place(self) -> bool:
        return len(self._seen) < VALUES_A_BATCH and self._room.take()

    def seen(self) -> dict[str, Seen]:
        """What there is, by the network's text."""
        return {
            OTHER if network == _OTHER else format_source_network(network): seen
            for network, seen in self._seen.items()
        }


class Strangers:
    """One stretch of a spool, as far as it tells of keys that are not known.

    A group is found by what it says: two `Use` objects that say the same, as
    there are once an API was changed, share their places.
    """

    __slots__ = ("_groups", "_room")

    def __init__(self) -> None:
        self._room = Room()
        self._groups: dict[ObservationGroup, Networks] = {}

    def of(self, at_us: int, use: Use, verdict: int) -> Networks | None:
        """Where requests of that time, use and verdict count; None where they

        are no stranger's, or at an API that nobody has.
        """
        if verdict not in _STRANGE or use.key_id or not use.api_id:
            return None
        group = ObservationGroup(
            at_us // _DAY_US,
            use.provider_id,
            use.consumer_id,
            use.api_id,
            use.key_id,
            verdict,
            Dimension.NETWORK,
        )
        return self._groups.setdefault(group, Networks(self._room))

    def observations(self) -> dict[ObservationGroup, dict[str, Seen]]:
        """All groups in which something was seen."""
        found = {group: networks.seen() for group, networks in self._groups.items()}
        return {group: seen for group, seen in found.items() if seen}

"""Whether a network is one that a key is known to come from.

Networks are as `core.addresses.source_network` cuts them, told as text.
"""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final, NamedTuple

from keyhouse.core.grains import DAY_MINUTES, MINUTE_US

DAY_US: Final = DAY_MINUTES * MINUTE_US
KNOWN_US: Final = 7 * DAY_US
"""A key whose first network is younger has no familiar ones yet: it is being put to use."""
RECENT_US: Final = 90 * DAY_US
FEW_MAX: Final = 10
"""A key that came from more networks of late roams: none is unfamiliar."""
_V4_BESIDE: Final = 16
_V6_BESIDE: Final = 32
"""What a provider hands out from one such network is near enough: a machine that is

restarted, or a line that is dialled anew, gets its next address there.
"""


class Seen(NamedTuple):
    """A network, and when calls with the key came from it first and last, in µs."""

    network: str
    first_us: int
    last_us: int


def is_unfamiliar(seen: Seen, others: Iterable[Seen]) -> bool:
    """Whether a network of a key calls for a person; `others` are those of the key."""
    before = [one for one in others if one.first_us < seen.first_us]
    if not any(one.first_us <= seen.first_us - KNOWN_US for one in before):
        return False
    recent = [one for one in before if one.last_us >= seen.first_us - RECENT_US]
    if len(recent) > FEW_MAX:
        return False
    beside = _around(seen.network)
    return all(_around(one.network) != beside for one in before)


def _around(network: str) -> object:
    of = ip_network(network)
    return of.supernet(new_prefix=_V4_BESIDE if of.version == 4 else _V6_BESIDE)

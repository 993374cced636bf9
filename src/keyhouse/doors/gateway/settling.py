"""What a call came to, where its upstream says so: `Keyhouse-Cost`.

The route's cost is reserved before the call, so that nothing is overspent
whatever the upstream says. What it says may be less, and never more.
"""

import logging
from typing import Final

from keyhouse.core.decision import Decision

_DIGITS_MAX: Final = 12
_WARNED_MAX: Final = 1024
_log = logging.getLogger(__name__)
_warned: set[str] = set()


def refund_of(decision: Decision, told: bytes | None, *, answered: bool) -> int:
    """How many of the reserved units were not spent.

    Where no answer came from the upstream, none were. Where it came without
    a cost that can be read, or the caller did not wait for it, all were.
    """
    line = decision.line
    if line is None or decision.route_id not in line.api.upstream_costs:
        return 0
    if not answered:
        return decision.units
    if told is None or not told.isdigit() or len(told) > _DIGITS_MAX:
        return 0
    cost = int(told)
    if cost > decision.units:
        _warn(decision.route_id, cost, decision.units)
        return 0
    return decision.units - cost


def _warn(route_id: str, cost: int, reserved: int) -> None:
    """Once for each route: what an upstream says must not fill the log."""
    if route_id in _warned or len(_warned) >= _WARNED_MAX:
        return
    _warned.add(route_id)
    told = "a call of route %s came to %d units, and %d were reserved: raise its cost"
    _log.warning(told, route_id, cost, reserved)

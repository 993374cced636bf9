"""Which users called, summed up in bounded memory when a stretch is booked."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from keyhouse.core.observations import (
    OTHER,
    VALUES_A_BATCH,
    Dimension,
    ObservationGroup,
    Seen,
)
from keyhouse.core.usage import Use

_MINUTE_US: Final = 60_000_000
_DAY_MINUTES: Final = 1440


class Counted(NamedTuple):
    """What one way came to in a minute."""

    minute: int
    use: Use
    verdict: int
    requests: int
    last_us: int


def users_seen(
    counted: Iterable[Counted],
) -> Mapping[ObservationGroup, dict[str, Seen]]:
    """How often each user was seen; the busiest of a group have places of their own."""
    groups: dict[ObservationGroup, dict[str, Seen]] = {}
    for minute, use, verdict, requests, last_us in counted:
        user = getattr(use, "user", "")
        if not user or not requests:
            continue
        group = ObservationGroup(
            minute // _DAY_MINUTES,
            use.provider_id,
            use.consumer_id,
            use.api_id,
            use.key_id,
            verdict,
            Dimension.USER,
        )
        _add(groups.setdefault(group, {}), user, requests, minute * _MINUTE_US, last_us)
    return {group: _busiest(seen) for group, seen in groups.items()}


def _add(
    seen: dict[str, Seen], user: str, requests: int, first_us: int, last_us: int
) -> None:
    of = seen.get(user)
    if of is None:
        seen[user] = Seen(requests, first_us, last_us)
        return
    of.requests += requests
    of.first_us = min(of.first_us, first_us)
    of.last_us = max(of.last_us, last_us)


def _busiest(seen: dict[str, Seen]) -> dict[str, Seen]:
    if len(seen) <= VALUES_A_BATCH:
        return seen
    ordered = sorted(seen.items(), key=lambda item: -item[1].requests)
    kept = dict(ordered[:VALUES_A_BATCH])
    for _, rest in ordered[VALUES_A_BATCH:]:
        _add(kept, OTHER, rest.requests, rest.first_us, rest.last_us)
    return kept

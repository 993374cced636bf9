"""The places of an API, of which each leads to one API of the installation.

Whoever takes a host first holds it, with all the prefixes below: its places
are shared out among the APIs of one organization. A star covers names that
belong with it, so nobody takes one from below another's, nor a star above
another's names. (Of two who do both at one moment, both may succeed: then the
whole name wins, as it had, had it been there first.)

Hosts are locked in the order of their names, and before their places.
"""

from collections.abc import Collection
from itertools import groupby
from typing import Final

from keyhouse.core.entities import Api, ApiHost, HeldHost
from keyhouse.core.hosts import cover_of, is_starred, parent_of, parts_of
from keyhouse.ports import Clash, Conflict
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Work

PLACES_MAX: Final = 500
"""On one host, over all APIs: gateways hold all places of a host that is in use."""
_MEND: Final = "choose another"


def keep_hosts(work: Work, api: Api, before: Collection[str]) -> None:
    """Write the index of `api.hosts`, where it was that of `before`."""
    _write(work, api, set(before) - set(api.hosts), set(api.hosts) - set(before))


def free_hosts(work: Work, api: Api) -> None:
    """Take all places of an API out of the index."""
    _write(work, api, set(api.hosts), set())


def _write(work: Work, api: Api, gone: Collection[str], new: Collection[str]) -> None:
    for host, places in groupby(sorted({*gone, *new}, key=parts_of), _host_of):
        changed = list(places)
        _hold(work, api, host)
        for place in changed:
            row = work.tx.get(ApiHost, place) if place in gone else None
            if row is not None:
                work.tx.remove(row)
        _place(work, api, host, [place for place in changed if place in new])


def _host_of(place: str) -> str:
    return parts_of(place)[0]


def _hold(work: Work, api: Api, host: str) -> None:
    """Have the host for the API's organization, locked. Raises Taken."""
    held = work.tx.get(HeldHost, host)
    if held is None:
        _refuse_neighbours(work, api, host)
        mine = HeldHost(id=host, organization_id=api.organization_id)
        try:
            work.tx.insert(mine)
        except Conflict:
            # Somebody took it meanwhile; a colleague, perhaps.
            held = work.tx.get(HeldHost, host)
            if held is None:
                raise
    if held is not None and held.organization_id != api.organization_id:
        raise Taken("hosts", Clash.TAKEN.value, _MEND)


def _place(work: Work, api: Api, host: str, new: Collection[str]) -> None:
    """Add places on a host that is locked, or let it go where it has none left."""
    there = {row.id for row in work.tx.find(ApiHost, host_id=host)}
    for place in new:
        if place in there:
            raise Taken("hosts", f"has {place}, which another API has", _MEND)
        work.tx.insert(
            ApiHost(
                id=place,
                organization_id=api.organization_id,
                api_id=api.id,
                parent=parent_of(host),
                host_id=host,
            )
        )
    if len(there) + len(new) > PLACES_MAX:
        reason = f"has more than {PLACES_MAX} places on {host}, with those of other APIs"
        raise Taken("hosts", reason, "take some away, or join them")
    if not there and not new:
        held = work.tx.get(HeldHost, host)
        if held is not None:
            work.tx.remove(held)


def _refuse_neighbours(work: Work, api: Api, host: str) -> None:
    # Not locked: that would be out of order.
    if is_starred(host):
        others = work.tx.find(ApiHost, parent=parent_of(host))
    else:
        others = work.tx.find(ApiHost, host_id=cover_of(host))
    if any(one.organization_id != api.organization_id for one in others):
        reason = f"has {host}, which overlaps with another's"
        raise Taken("hosts", reason, _MEND)

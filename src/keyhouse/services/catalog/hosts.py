"""The hosts of an API, of which each leads to one API of the installation.

Whoever takes a name first has it. A star covers names that belong with it,
so nobody takes one from below another's, nor a star above another's names.
(Of two who do both at one moment, both may succeed: then the whole name wins,
as it had, had it been there first.)
"""

from collections.abc import Sequence

from keyhouse.core.entities import Api, ApiHost
from keyhouse.core.hosts import cover_of, is_starred, parent_of
from keyhouse.services.refusals import Taken
from keyhouse.services.work import Work


def keep_hosts(work: Work, api: Api, before: Sequence[str]) -> None:
    """Write the index of `api.hosts`, where it was that of `before`."""
    for host in set(before) - set(api.hosts):
        row = work.tx.get(ApiHost, host)
        if row is not None:
            work.tx.remove(row)
    for host in api.hosts:
        if host not in before:
            _refuse_neighbours(work, host)
            work.tx.insert(
                ApiHost(
                    id=host,
                    organization_id=api.organization_id,
                    api_id=api.id,
                    parent=parent_of(host),
                )
            )


def _refuse_neighbours(work: Work, host: str) -> None:
    if is_starred(host):
        others = work.tx.find(ApiHost, parent=parent_of(host))
    else:
        cover = work.tx.get(ApiHost, cover_of(host))
        others = [] if cover is None else [cover]
    if any(one.organization_id != work.actor.organization_id for one in others):
        reason = f"has {host}, which overlaps with another's"
        raise Taken("hosts", reason, "choose another")

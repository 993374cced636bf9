"""Nobody gets more by a management key than they have themselves.

Whoever makes one, gets a secret of it or lets it work again could otherwise rise
above themselves: what it may do, and where and how long it works, must not go
beyond the actor's own.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any, Final

from keyhouse.core import ids
from keyhouse.core.entities import Access, Api, Key, KeyKind, Resource, Restrictions
from keyhouse.core.scopes import EVERYTHING, covers
from keyhouse.core.validation import Problem
from keyhouse.services.refusals import Forbidden, Taken
from keyhouse.services.work import Work

_KEYS_AT_ONCE: Final = 100


def demand_no_more(work: Work, key: Key) -> None:
    """Raise Forbidden where a management key may do more than the actor.

    Raises Taken where it works longer or elsewhere than the key that asks.
    """
    if key.kind is not KeyKind.MANAGEMENT or key.id == work.actor.id:
        return
    for row in work.tx.find(Access, key_id=key.id):
        home = None
        if row.resource is Resource.API:
            api = work.tx.get(Api, row.resource_id)
            home = None if api is None else api.project_id
        held = work.actor.scopes_on(row.resource_id, home)
        for scope in row.scopes:
            if not covers(held, scope):
                raise Forbidden(scope, f", which the key {key.id} has")
    for problem in beyond_bounds(work, key.ends_at, key.restrictions):
        reason = f"of {key.id} {problem.reason}"
        raise Taken(problem.field, reason, "have a person do it, or a key without bounds")


def demand_no_more_in(work: Work, **place: Any) -> None:  # noqa: ANN401 - columns of keys
    """The same of all management keys of an application or a project that are not over.

    `place` is its id, as `application_id`.
    """
    if _may_all(work):
        return
    for key in _management_keys(work, place):
        demand_no_more(work, key)


def beyond_bounds(
    work: Work, ends_at: int | None, restrictions: Restrictions
) -> list[Problem]:
    """Problems where a key would work longer or elsewhere than the key that asks.

    A person has no such bounds, nor has the machine's operator.
    """
    own = _own(work)
    if own is None:
        return []
    problems = []
    if own.ends_at is not None and (ends_at is None or ends_at > own.ends_at):
        mend = "let it end when your own key does, or before"
        problems.append(Problem("ends_at", "is after your own key's end", mend))
    if not _is_within(restrictions, own.restrictions):
        mend = "restrict it as your own key is, or further"
        problems.append(Problem("restrictions", "are wider than your own key's", mend))
    return problems


def is_bound(work: Work) -> bool:
    """Whether a key asks that works not for ever, or not from everywhere."""
    return bool(beyond_bounds(work, None, Restrictions()))


def _may_all(work: Work) -> bool:
    """Whether there is no key which could do more than the actor."""
    held = work.actor.scopes_on(work.actor.organization_id, None)
    return covers(held, EVERYTHING) and not is_bound(work)


def _management_keys(work: Work, place: dict[str, Any]) -> Iterator[Key]:
    after = ""
    while True:
        found = work.tx.stretch(
            Key,
            after=after,
            limit=_KEYS_AT_ONCE,
            organization_id=work.actor.organization_id,
            kind=KeyKind.MANAGEMENT,
            revoked_at=None,
            deleted_at=None,
            within=None,
            either=None,
            **place,
        )
        yield from found
        if len(found) < _KEYS_AT_ONCE:
            return
        after = found[-1].id


def _own(work: Work) -> Key | None:
    """The key that asks; None where somebody else does."""
    if not ids.is_id(work.actor.id, ids.KEY):
        return None
    return next(iter(work.tx.find(Key, id=work.actor.id)), None)


def _is_within(wanted: Restrictions, own: Restrictions) -> bool:
    """Whether all that lets `wanted` pass lets `own` pass too: by networks alone,

    for nothing else holds for management keys.
    """
    return _are_networks_within(wanted.networks_allowed, own.networks_allowed) and all(
        _is_in(one, wanted.networks_denied) for one in own.networks_denied
    )


def _are_networks_within(wanted: tuple[str, ...], own: tuple[str, ...]) -> bool:
    return not own or (bool(wanted) and all(_is_in(one, own) for one in wanted))


def _is_in(network: str, others: Iterable[str]) -> bool:
    """Whether one of the others holds all of a network."""
    inner = ip_network(network, strict=False)
    outer = (ip_network(one, strict=False) for one in others)
    return any(
        inner.version == one.version
        and one.network_address <= inner.network_address  # type: ignore[operator] # one version
        and inner.broadcast_address <= one.broadcast_address  # type: ignore[operator] # one version
        for one in outer
    )

"""What is left of a key's limits."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from keyhouse.core.compilation import compile_api, compile_key, limit_uses
from keyhouse.core.entities import Access, Api, Key, KeyKind, Limit, Resource
from keyhouse.core.quotas import span_of
from keyhouse.core.records import QuotaUse, RateUse
from keyhouse.services.issue.queries import READ, reached_key
from keyhouse.services.work import Look


class LimitLeft(NamedTuple):
    """A limit that counts for a key, and how it stands.

    `api_slug` is None for the key's own, which count over all that it opens.
    Of rates, which are counted where requests arrive, the rest is None.
    """

    api_slug: str | None
    limit: Limit
    used: int | None
    left: int | None
    resets_at: int | None


class _Met(NamedTuple):
    """A limit that a key meets, and what it counts on."""

    api_slug: str | None
    limit: Limit
    use: RateUse | QuotaUse


def limits_left(look: Look, key_id: str) -> list[LimitLeft]:
    """The limits of a key and of the APIs that it opens, its own first."""
    key = reached_key(look, READ, key_id)
    return limits_of(look, [key])[key.id]


def limits_of(look: Look, keys: Sequence[Key]) -> dict[str, list[LimitLeft]]:
    """The limits of many keys, in as many reads as of one."""
    rows = look.tx.find(Access, key_id=tuple(key.id for key in keys))
    opened = [row for row in rows if row.resource is Resource.API]
    found = look.tx.find(Api, id=tuple({row.resource_id for row in opened}))
    apis = {api.id: api for api in found}
    met: dict[str, list[_Met]] = {}
    for key in keys:
        ids = [row.resource_id for row in opened if row.key_id == key.id]
        if key.kind is KeyKind.MANAGEMENT:
            ids = []  # it may manage APIs, and opens none
        met[key.id] = _met(key, [apis[id] for id in ids if id in apis])
    return _counted(look, met)


def _met(key: Key, apis: Iterable[Api]) -> list[_Met]:
    """The limits that a key meets on these APIs, each once and its own first."""
    record = compile_key(key, (), (), ZoneInfo)
    own = {limit.name: limit for limit in key.limits}
    met: dict[Limit, _Met] = {}
    shared: list[_Met] = []
    for api in apis:
        theirs = {limit.name: limit for limit in api.limits}
        rates, quotas = limit_uses(record, compile_api(api, (), ZoneInfo))
        named: list[tuple[str, RateUse | QuotaUse]] = []
        named += [(use.limit.name, use) for use in rates]
        named += [(use.quota.name, use) for use in quotas]
        for name, use in named:
            if name in own:
                met.setdefault(own[name], _Met(None, own[name], use))
            else:
                shared.append(_Met(api.slug, theirs[name], use))
    return [*met.values(), *shared]


def _counted(look: Look, met: dict[str, list[_Met]]) -> dict[str, list[LimitLeft]]:
    uses = {
        one.use.token: one.use
        for limits in met.values()
        for one in limits
        if isinstance(one.use, QuotaUse)
    }
    wanted = [(use.budget, span_of(use.quota, look.now_us)) for use in uses.values()]
    spent = dict(zip(uses, look.reports.spent(wanted), strict=True)) if uses else {}
    return {
        key_id: [_left(look, one, spent) for one in limits]
        for key_id, limits in met.items()
    }


def _left(look: Look, met: _Met, spent: dict[str, int]) -> LimitLeft:
    if not isinstance(met.use, QuotaUse):
        return LimitLeft(met.api_slug, met.limit, None, None, None)
    used = spent[met.use.token]
    left = max(met.limit.amount - used, 0)
    resets_at = span_of(met.use.quota, look.now_us).end_us
    return LimitLeft(met.api_slug, met.limit, used, left, resets_at)

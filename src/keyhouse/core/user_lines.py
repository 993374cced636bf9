"""The way of a user's token: that of its key, never wider."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from keyhouse.core.addresses import BothNetworks
from keyhouse.core.apps import BothApps
from keyhouse.core.compilation import compile_quotas, compile_rates
from keyhouse.core.counting import Subject, Uses, named, user_uses
from keyhouse.core.entities import Limit, LimitKind
from keyhouse.core.patterns import BothEndpoints, BothReferrers
from keyhouse.core.quotas import Quota
from keyhouse.core.records import ApiRecord, GrantRecord, KeyRecord, Line, RevocationsRecord
from keyhouse.core.scopes import common
from keyhouse.core.user_tokens import UserToken, revocable, user_digest
from keyhouse.core.verdict import Verdict


def user_line(line: Line, token: UserToken, revoked: RevocationsRecord) -> Line:
    """What a token opens that was minted with the key of `line`.

    The end of the secret that minted it is not the token's: it was replaced,
    which is no reason to log users out. That it was revoked is one.
    """
    held = revoked.hold(revocable(token), token.issued_us)
    state = line.state or (Verdict.REVOKED if held else None)
    is_for_it = token.api_id == line.api.id
    return replace(
        _limited(line, token),
        grant=_narrowed(line.grant, token) if is_for_it else None,
        closed=line.closed if is_for_it else Verdict.API_NOT_ALLOWED,
        state=state,
        starts_us=line.key.starts_us,
        ends_us=min(line.key.ends_us, token.ends_us),
        token=token,
        by_token=True,
    )


def beside(line: Line, user: Line) -> Line:
    """The way of a key with a user's token of the same application beside it.

    Both must pass, so it opens what both do. What is counted is counted on
    the key that was sent, and on the user.
    """
    key, other = line.key, user.key
    state = line.state or user.state
    if state is None and key.environment != other.environment:
        state = Verdict.ENVIRONMENT_MISMATCH
    assert user.token is not None  # noqa: S101 - a line of `user_line`
    return replace(
        _limited(line, user.token),
        key=key if key is other else _both(key, other),
        grant=_shared(line.grant, user.grant),
        closed=line.closed if line.grant is None else user.closed,
        state=state,
        starts_us=max(line.starts_us, user.starts_us),
        ends_us=min(line.ends_us, user.ends_us),
        token=user.token,
    )


def _both(key: KeyRecord, other: KeyRecord) -> KeyRecord:
    """`key`, restricted as `other` is too."""
    return replace(
        key,
        networks=_joined(BothNetworks, key.networks, other.networks),
        referrers=_joined(BothReferrers, key.referrers, other.referrers),
        apps=_joined(BothApps, key.apps, other.apps),
        endpoints=_joined(BothEndpoints, key.endpoints, other.endpoints),
    )


T = TypeVar("T")


def _joined(both: Callable[[T, T], T], one: T | None, other: T | None) -> T | None:
    """Two restrictions as one; None is no restriction."""
    if one is None or other is None:
        return one or other
    return both(one, other)


def _narrowed(grant: GrantRecord | None, token: UserToken) -> GrantRecord | None:
    return (
        None if grant is None else replace(grant, scopes=common(grant.scopes, token.scopes))
    )


def _shared(grant: GrantRecord | None, other: GrantRecord | None) -> GrantRecord | None:
    if grant is None or other is None:
        return None
    return replace(grant, scopes=common(grant.scopes, other.scopes))


def _limited(line: Line, token: UserToken) -> Line:
    """The line with the user's limits, before the credits, which come last."""
    limits = within(line.api, token.limits)
    names = {limit.name for limit in limits}
    api = line.api
    rates = compile_rates(limits, Subject.USER) + tuple(
        rate for rate in api.user_rates if named(rate.name)[1] not in names
    )
    quotas = _windowed(api, compile_quotas(limits, lambda _: UTC, Subject.USER)) + tuple(
        quota for quota in api.user_quotas if named(quota.name)[1] not in names
    )
    used = user_uses(line.key, api, user_digest(token.subject), rates, quotas)
    return replace(
        _with_user(line, line, used),
        on_route=None if line.on_route is None else _UserLines(line, used),
    )


def _windowed(api: ApiRecord, quotas: tuple[Quota, ...]) -> tuple[Quota, ...]:
    """A token's quotas, each in the windows of the API's own of the same name.

    In windows that begin elsewhere it would count apart, and a user with two
    tokens would have both.
    """
    own = {quota.name: quota for quota in api.user_quotas}
    return tuple(
        replace(own[quota.name], amount=quota.amount) if quota.name in own else quota
        for quota in quotas
    )


def _with_user(line: Line, of_key: Line, used: Uses) -> Line:
    """`line` with the limits of a key's line, and the user's before the credits."""
    paying = () if of_key.credits is None else (of_key.credits,)
    others = of_key.quotas[: len(of_key.quotas) - len(paying)]
    return replace(
        line,
        rates=of_key.rates + used.rates,
        quotas=(*others, *used.quotas, *paying),
        on_route=None,
    )


class _UserLines:
    """Lines of a user where those of the key differ, by route or by time."""

    __slots__ = ("_key_line", "_made", "_used")

    def __init__(self, key_line: Line, used: Uses) -> None:
        self._key_line = key_line
        self._used = used
        self._made: dict[Line, Line] = {}

    def __call__(self, line: Line, route_id: str, now_us: int) -> Line:
        """The line that holds on that route at that time."""
        of_key, on_route = self._key_line, self._key_line.on_route
        there = of_key if on_route is None else on_route(of_key, route_id, now_us)
        if there is of_key:
            return line
        made = self._made.get(there)
        if made is None:
            made = self._made[there] = _with_user(line, there, self._used)
        return made


def within(api: ApiRecord, limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Those of a token's limits that take nothing off an API's own of the same name.

    One that does is left out: the API's holds in its place.
    """
    return tuple(limit for limit in limits if fits(api, limit))


def fits(api: ApiRecord, limit: Limit) -> bool:
    """Whether a limit is within the API's own of the same name, if it has one."""
    for rate in api.user_rates:
        if named(rate.name)[1] == limit.name:
            return (
                limit.kind is LimitKind.RATE
                and (limit.period_seconds or 0) * 1_000_000 == rate.period_us
                and limit.amount <= rate.amount
                and (limit.burst or limit.amount) <= rate.burst
            )
    for quota in api.user_quotas:
        if named(quota.name)[1] == limit.name:
            return (
                limit.kind is LimitKind.QUOTA
                and limit.window is quota.window
                and limit.amount <= quota.amount
            )
    return True

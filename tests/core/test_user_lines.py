"""The limits of a user where those of the key differ by route."""

from dataclasses import replace
from datetime import UTC
from typing import Any

from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.core.records import RevocationsRecord
from keyhouse.core.user_lines import beside, user_line
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.verdict import Verdict
from tests.core import rows as made

NOTHING = RevocationsRecord("app_a", {})


def token(api: str = "api_a") -> UserToken:
    return UserToken(
        "tok_1", "alice", "", "app_a", api, "key_a", "sec_a", 0, 1 << 60, frozenset()
    )


def test_a_route_of_a_user_has_its_limits_and_the_users() -> None:
    """And one line for each route, however often it is asked for."""
    route = made.route(0, "GET", "/slow", limits=(made.rate("slow"),))
    api = made.api_record(route, user_limits=(made.rate("each"),))
    key = made.line(api)
    user = user_line(key, token(), NOTHING)
    assert [use.limit.name for use in user.rates] == ["user/each"]
    assert user.on_route is not None
    there = user.on_route(user, "rte_0", 0)
    assert [use.limit.name for use in there.rates] == ["route/slow", "user/each"]
    assert there.token is user.token
    assert user.on_route(user, "rte_0", 1) is there
    assert user.on_route(user, "rte_9", 0) is user
    assert key.on_route is not None
    of_key = key.on_route(key, "rte_0", 0)
    assert [use.limit.name for use in of_key.rates] == ["route/slow"], "the key's own stays"
    pair = beside(key, user)
    assert pair.on_route is not None
    assert len(pair.on_route(pair, "rte_0", 0).rates) == 2


def test_a_quota_of_a_token_counts_where_the_apis_of_its_name_does() -> None:
    """In other windows a user's two tokens would have a quota each."""
    api = made.api_record(
        user_limits=(_daily("daily", 100, zone="America/Los_Angeles", offset_seconds=3600),)
    )
    key = made.line(api)
    (plain,) = user_line(key, token(), NOTHING).quotas
    mine = replace(token(), limits=(_daily("daily", 40), _daily("own", 7)))
    lowered, own = user_line(key, mine, NOTHING).quotas
    assert lowered == plain._replace(quota=replace(plain.quota, amount=40))
    assert (own.quota.name, own.quota.zone, own.quota.amount) == ("user/own", UTC, 7)


def _daily(name: str, amount: int, **more: Any) -> Limit:
    return Limit(name=name, kind=LimitKind.QUOTA, amount=amount, window=Window.DAY, **more)


def test_a_token_for_another_api_is_told_so_whatever_closes_the_keys_way() -> None:
    line = user_line(made.line(), token("api_other"), NOTHING)
    assert (line.grant, line.closed) == (None, Verdict.API_NOT_ALLOWED)

"""Which limits of a plan hold, and when; what a line costs that has none."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core.compilation import (
    compile_application,
    compile_key,
    compile_line,
    compile_organization,
    compile_project,
)
from keyhouse.core.entities import (
    Carried,
    Override,
    Per,
    PlanLimit,
    PlanRoute,
    PlanVersion,
    Subscription,
    Window,
)
from keyhouse.core.plans import carried_over, compile_subscribed, placed, placed_at
from keyhouse.core.quotas import FOREVER_US
from keyhouse.core.records import Line, OrganizationRecord, ProjectRecord
from keyhouse.core.scopes import common
from tests.core import rows

NOW = 1_760_000_000_000_000
DAY = rows.plan_quota("daily", 10)


def version(*limits: PlanLimit, **changes: Any) -> PlanVersion:
    return replace(rows.VERSION, limits=limits, **changes)


def line(
    of: PlanVersion, subscription: Subscription = rows.SUBSCRIPTION, *routes: Any
) -> Line:
    """The way from the key to the API with that plan."""
    key = compile_key(rows.KEY, [rows.ACCESS], [rows.SECRET], ZoneInfo)
    home: list[OrganizationRecord | ProjectRecord] = [
        compile_organization(rows.ORGANIZATION, ZoneInfo),
        compile_project(rows.PROJECT),
    ]
    return compile_line(
        key.secrets[0],
        key,
        compile_application(rows.APPLICATION, ZoneInfo),
        rows.api_record(*routes),
        owners=home,
        providers=home,
        subscribed=compile_subscribed(subscription, rows.PLAN, of, ZoneInfo),
    )


def test_a_plan_counts_on_the_subscription_and_names_no_plan() -> None:
    """So that whoever moves to another plan keeps what was used."""
    made = line(version(DAY, rows.plan_rate("each", per=Per.KEY)))
    assert made.quotas[0].budget == ("org_a", "subscription", "sub_a", "live", "daily")
    assert made.quotas[0].quota.name == "subscription/daily"
    assert made.rates[0].counter == "org_a|subscription_key|sub_a/key_a|live|each"
    assert made.on_route is None


def test_a_line_whose_limits_never_differ_asks_nobody() -> None:
    """A call of it costs what one without a subscription costs."""
    assert line(version(DAY)).on_route is None
    assert line(version()).on_route is None


def test_each_time_has_one_line_however_often_it_is_asked() -> None:
    """Uses and headers are remembered by the line."""
    override = Override(limit=rows.plan_quota("daily", 20), ends_at=NOW)
    made = line(version(DAY), replace(rows.SUBSCRIPTION, overrides=(override,)))
    assert made.on_route is not None
    before, after = made.on_route(made, "", NOW - 1), made.on_route(made, "", NOW)
    assert [one.quota.amount for one in before.quotas] == [20]
    assert after is made
    assert made.on_route(made, "rte_9", NOW - 1) is before
    assert made.on_route(made, "rte_9", NOW + 1) is made


def test_a_route_of_a_plan_has_a_line_at_each_time() -> None:
    on_route = PlanRoute(api_id="api_a", route_id="rte_1", limits=(DAY,))
    carried = Carried(
        route_id="rte_1", name="daily", limit=rows.plan_quota("daily", 3), until=NOW
    )
    made = line(
        version(routes=(on_route,), carried=(carried,)),
        rows.SUBSCRIPTION,
        rows.route(1, "GET", "/a", limits=(rows.quota("own", 5),)),
    )
    assert made.on_route is not None
    for at, amount in ((NOW - 1, 3), (NOW, 10)):
        there = made.on_route(made, "rte_1", at)
        told = {one.quota.name: one.quota.amount for one in there.quotas}
        assert told == {"route/own": 5, "subscription_route/daily": amount}
        assert made.on_route(made, "rte_1", at) is there
        places = {one.budget.subject_kind: one.budget.subject_id for one in there.quotas}
        assert places["subscription_route"] == "sub_a/rte_1"
    assert made.quotas == ()


@pytest.mark.parametrize("at", [0, NOW - 1, NOW, NOW + 1, FOREVER_US - 1])
def test_rows_and_records_agree_on_what_holds(at: int) -> None:
    """What a person is told is what a gateway decides on."""
    of = version(
        DAY,
        rows.plan_rate("quick"),
        carried=(
            Carried(route_id="", name="daily", limit=None, until=NOW),
            Carried(route_id="", name="old", limit=rows.plan_quota("old"), until=NOW + 1),
        ),
    )
    mine = replace(
        rows.SUBSCRIPTION,
        overrides=(Override(limit=rows.plan_quota("daily", 77), ends_at=NOW - 1),),
        carried=(
            Carried(route_id="", name="quick", limit=rows.plan_rate("quick", 5), until=NOW),
        ),
    )
    told = {name: limit.amount for (_, name), limit in placed_at(at, of, mine).items()}
    force = compile_subscribed(mine, rows.PLAN, of, ZoneInfo).in_force(at)
    held = {term.name: term.limit.amount for term in force.terms if term.limit}
    assert told == held


def test_rates_change_at_once_and_quotas_with_their_windows() -> None:
    month = rows.plan_quota("monthly", 100, window=Window.MONTH)
    old = placed((DAY, month, rows.plan_rate("quick", 1)), ())
    new = placed((rows.plan_quota("daily", 20), rows.plan_rate("quick", 2)), ())
    carried = carried_over(old, new, NOW, ZoneInfo)
    assert [(one.name, one.limit) for one in carried] == [
        ("daily", DAY),
        ("monthly", month),
    ]
    first, second = (one.until for one in carried)
    assert NOW < first <= NOW + 86_400_000_000 < second


def test_what_stays_the_same_is_not_carried() -> None:
    assert carried_over(placed((DAY,), ()), placed((DAY,), ()), NOW, ZoneInfo) == ()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"*"}, {"a:b", "c:*"}, {"a:b", "c:*"}),
        ({"a:b"}, {"c:d"}, set()),
        ({"a:*"}, {"*:b"}, {"a:b"}),
        ({"a:*", "c:d"}, {"*:b", "c:*"}, {"a:b", "c:d"}),
        ({"a:b"}, {"a:*"}, {"a:b"}),
        (set(), {"*"}, set()),
    ],
)
def test_what_two_sets_of_scopes_have_in_common(
    one: set[str], other: set[str], both: set[str]
) -> None:
    assert common(one, other) == common(other, one) == both

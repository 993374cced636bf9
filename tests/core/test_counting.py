"""Whose limits a line meets, under which name, and what each counts on."""

from zoneinfo import ZoneInfo

import pytest

from keyhouse.core.compilation import compile_rates
from keyhouse.core.counting import Subject, named, told_name
from keyhouse.core.quotas import Budget
from keyhouse.core.records import Line
from tests.core import rows as made

USE = (made.rate("use"), made.quota("sum"))


def limited() -> Line:
    """A line on which every subject has limits of the same names."""
    slow = made.route(1, "GET", "/slow", limits=USE)
    api = made.api_record(slow, made.route(2, "GET", "/plain"), limits=USE)
    return made.line(api, application={"limits": USE}, owner={"limits": USE})


def test_every_subject_s_limits_are_met_the_narrowest_first() -> None:
    line = limited()
    assert [(use.limit.name, use.counter) for use in line.rates] == [
        ("use", "org_a|key_api|key_a/api_a|live|use"),
        ("application/use", "org_a|application|app_a|live|use"),
        ("organization/use", "org_a|organization|org_a|live|use"),
    ]
    assert [(use.quota.name, use.budget) for use in line.quotas] == [
        ("sum", Budget("org_a", "key_api", "key_a/api_a", "live", "sum")),
        ("application/sum", Budget("org_a", "application", "app_a", "live", "sum")),
        ("organization/sum", Budget("org_a", "organization", "org_a", "live", "sum")),
    ]


def test_a_route_s_limits_come_on_top_for_each_key() -> None:
    line = limited()
    assert line.on_route is not None
    slow = line.on_route(line, "rte_1", 0)
    assert slow.rates[:-1] == line.rates
    assert slow.quotas[:-1] == line.quotas
    assert slow.rates[-1].counter == "org_a|key_route|key_a/rte_1|live|use"
    assert slow.quotas[-1].budget == Budget(
        "org_a", "key_route", "key_a/rte_1", "live", "sum"
    )
    assert (slow.key, slow.grant, slow.state) == (line.key, line.grant, line.state)


def test_a_line_of_a_route_is_made_once() -> None:
    """What is told of a line is kept by its identity."""
    line = limited()
    assert line.on_route is not None
    assert line.on_route(line, "rte_1", 0) is line.on_route(line, "rte_1", 0)


@pytest.mark.parametrize("route", ["rte_2", ""])
def test_routes_without_limits_share_the_line(route: str) -> None:
    line = limited()
    assert line.on_route is not None
    assert line.on_route(line, route, 0) is line


def test_an_api_without_limited_routes_asks_nothing_of_a_request() -> None:
    assert made.line(made.api_record(made.route(1, "GET", "/plain"))).on_route is None


def test_a_key_s_own_replaces_an_api_s_and_nothing_wider() -> None:
    """Whoever may change a key must not lift what its organization has set."""
    slow = made.route(1, "GET", "/slow", limits=USE)
    api = made.api_record(slow, limits=USE)
    line = made.line(
        api, application={"limits": USE}, owner={"limits": USE}, limits=(made.rate("sum"),)
    )
    assert line.on_route is not None
    line = line.on_route(line, "rte_1", 0)
    assert [use.limit.name for use in line.rates] == [
        "sum",
        "use",
        "application/use",
        "organization/use",
        "route/use",
    ]
    assert [use.quota.name for use in line.quotas] == [
        "application/sum",
        "organization/sum",
        "route/sum",
    ]


def test_a_buyer_s_key_lifts_no_limit_of_the_provider() -> None:
    """Both hold, told apart; the provider's counts where it did without the key's."""
    api = made.api_record(organization_id="org_b", limits=USE)
    line = made.line(api, limits=(made.rate("use"),))
    assert [(use.limit.name, use.counter) for use in line.rates] == [
        ("use", "org_b|key|key_a|live|use"),
        ("api/use", "org_b|key_api|key_a/api_a|live|use"),
    ]
    plain = made.line(api)
    assert line.quotas == plain.quotas
    assert line.rates[1].counter == plain.rates[0].counter
    assert named("api/use") == (Subject.API, "use")


def test_a_foreign_provider_s_limits_on_itself_do_not_bind_its_callers() -> None:
    line = made.line(provider={}, owner={"limits": USE})
    assert {use.counter.split("|")[1] for use in line.rates} == {"organization"}
    line = made.line(made.api_record(organization_id="org_b"), owner={"limits": USE})
    assert [use.counter for use in line.rates] == ["org_b|organization|org_a|live|use"]


def test_lines_share_the_very_limits_of_their_records() -> None:
    """The lease book knows a quota by its identity: were it a copy, two keys

    of one organization would have the book look twice at each call.
    """
    api = made.api_record(limits=USE)
    first, second = made.line(api), made.line(api)
    assert first.quotas[0].quota is second.quotas[0].quota


@pytest.mark.parametrize("subject", Subject)
def test_a_told_name_is_taken_apart_again(subject: Subject) -> None:
    known = None if subject in (Subject.KEY, Subject.API) else subject
    assert named(told_name(subject, "per-minute")) == (known, "per-minute")
    (rate,) = compile_rates([made.rate("a.b_c-d")], subject)
    assert named(rate.name) == (known, "a.b_c-d")


def test_zones_of_shared_quotas_are_loaded() -> None:
    berlin = made.quota("sum", zone="Europe/Berlin")
    line = made.line(owner={"limits": (berlin,)})
    assert line.quotas[0].quota.zone == ZoneInfo("Europe/Berlin")

"""What a key's page and a list of keys show."""

from itertools import pairwise

import pytest

from keyhouse.core.entities import Api, Environment, Limit, LimitKind, Window
from keyhouse.core.latency import percentile_us
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.apis.listing import lines_of
from keyhouse.services import reports
from keyhouse.services.issue import Created
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.reports import Span
from keyhouse.services.reports.figures import STEPS
from keyhouse.services.reports.times import HOUR_US
from keyhouse.services.tenants import create_project
from keyhouse.services.work import Look
from tests.servers.acme import Acme

DAILY = Limit(name="daily", kind=LimitKind.QUOTA, amount=100, window=Window.DAY)
MONTHLY = Limit(name="monthly", kind=LimitKind.QUOTA, amount=1000, window=Window.MONTH)
RATE = Limit(name="steady", kind=LimitKind.RATE, amount=60, period_seconds=60)


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api()
    return acme.key()


def test_a_lists_figures_come_in_one_read(acme: Acme, made: Created) -> None:
    silent = acme.key("Silent").view.key.id
    acme.book(made, 5)
    acme.book(made, 2, verdict=Verdict.RATE_LIMITED)
    acme.book(made, 3, minutes_ago=60)
    acme.book(made, 9, minutes_ago=24 * 60)
    id = made.view.key.id
    told = acme.read(lambda look: reports.key_activity(look, [id, silent]))
    assert told[id].hours[-2:] == (3, 7)
    assert len(told[id].hours) == 24
    assert (told[id].requests, told[id].refused) == (10, 2)
    assert told[silent].hours == (0,) * 24
    assert acme.read(lambda look: reports.key_activity(look, [])) == {}


def test_what_a_node_ahead_has_booked_waits_for_its_hour(acme: Acme, made: Created) -> None:
    """In the last second of an hour: what comes next has no place in the figures yet."""
    acme.book(made, 5)
    to_end = HOUR_US - acme.clock.at_us % HOUR_US
    acme.clock.at_us += to_end + 200_000
    acme.book(made, 3)
    acme.clock.at_us -= 500_000
    id, (opened, *_) = made.view.key.id, made.view.access

    def told(look: Look) -> tuple[int, int, int, int]:
        activity = reports.key_activity(look, [id])[id]
        api = look.own(Api, opened.resource_id)
        (line,) = lines_of(look, [api], Environment.TEST)
        report = reports.report_key(look, id, Span.DAY)
        charted = sum(point.served for point in report.points)
        return activity.requests, line.requests, report.requests, charted

    assert acme.read(told) == (5, 5, 5, 5)
    acme.clock.at_us += 500_000
    assert acme.read(told) == (8, 8, 8, 8)


@pytest.mark.parametrize("span", Span)
def test_a_report_has_every_step_up_to_now(acme: Acme, made: Created, span: Span) -> None:
    """A chart with gaps lies."""
    acme.book(made, 4, errors=1, slot=3)
    acme.book(made, 2, verdict=Verdict.RATE_LIMITED)
    acme.book(made, 1, verdict=Verdict.IP_NOT_ALLOWED)
    report = acme.read(lambda look: reports.report_key(look, made.view.key.id, span))
    seconds, count = STEPS[span]
    assert (report.step_seconds, len(report.points)) == (seconds, count)
    starts = [point.start_us for point in report.points]
    gaps = {b - a for a, b in pairwise(starts)}
    assert gaps == {seconds * 1_000_000}
    assert report.since_us == starts[0]
    assert starts[-1] <= report.until_us < starts[-1] + seconds * 1_000_000
    filled = [point for point in report.points if point.served]
    assert sum(point.served for point in filled) == report.served == 4
    assert report.requests == report.units == 7
    assert report.errors == 1
    assert report.refused == {"rate_limited": 2, "ip_not_allowed": 1}
    assert report.p50_us is not None
    assert 400 <= report.p50_us <= 800


def test_latencies_of_an_idle_key_are_not_known(acme: Acme, made: Created) -> None:
    report = acme.read(lambda look: reports.report_key(look, made.view.key.id, Span.DAY))
    assert (report.p50_us, report.p95_us, report.requests) == (None, None, 0)


def test_a_foreign_key_has_no_report(acme: Acme, made: Created) -> None:
    stranger = Acme(acme.office, acme.database, "stranger@example.com")
    acme.book(made, 3)
    id = made.view.key.id
    with pytest.raises(NotFound):
        stranger.read(lambda look: reports.report_key(look, id, Span.HOUR))
    with pytest.raises(NotFound):
        stranger.read(lambda look: reports.limits_left(look, id))
    told = stranger.read(lambda look: reports.key_activity(look, [id]))
    assert told[id].requests == 0
    assert stranger.read(lambda look: reports.calls_in_last_hour(look, key=id)) == 0


def test_calls_of_the_last_hour_are_told_of_each_thing(acme: Acme, made: Created) -> None:
    """Whoever revokes, disables or deletes learns what they break."""
    acme.api("maps")
    maps = acme.key("Maps", api="maps")
    acme.book(made, 5)
    acme.book(made, 1, verdict=Verdict.RATE_LIMITED)
    acme.book(made, 7, minutes_ago=61)
    acme.book(maps, 2)

    def calls(**named: str) -> int:
        return acme.read(lambda look: reports.calls_in_last_hour(look, **named))

    assert calls(key=made.view.key.id) == 6
    assert calls(api="maps") == 2
    assert calls(application=made.view.key.application_id) == 8
    assert calls(project=acme.project) == 8
    with pytest.raises(Invalid):
        calls(api="nowhere")


def test_calls_of_many_projects_are_told_in_one_read(acme: Acme, made: Created) -> None:
    """A call between two projects counts for both, one within a project once."""
    first = acme.project
    other = acme.write(lambda work: create_project(work, name="Other")).id
    idle = acme.write(lambda work: create_project(work, name="Idle")).id
    acme.book(made, 5)
    acme.project = other
    acme.api("maps")
    between = acme.key("Between", api="maps", project=first)
    acme.book(between, 3)

    def calls(look: Look) -> dict[str, int]:
        return reports.calls_of_projects(look, [first, other, idle])

    assert acme.read(calls) == {first: 8, other: 3, idle: 0}
    with pytest.raises(NotFound):
        acme.read(calls, acme.holding("usage:read", on=other))


def test_a_list_of_apis_tells_the_last_day_of_those_on_it(
    acme: Acme, made: Created
) -> None:
    acme.api("maps")
    maps = acme.key("Maps", api="maps")
    acme.book(made, 5)
    acme.book(made, 2, verdict=Verdict.RATE_LIMITED)
    acme.book(made, 3, minutes_ago=60)
    acme.book(made, 9, minutes_ago=24 * 60)
    acme.book(maps, 4)
    weather = made.view.access[0].resource_id

    def told(look: Look, environment: str = "test") -> list[tuple[str, int]]:
        rows = reports.api_tallies(look, [look.own(Api, weather)], environment)
        assert {row.group["api"] for row in rows} <= {weather}
        return sorted((row.verdict, row.requests) for row in rows)

    assert acme.read(told) == [("rate_limited", 2), ("valid", 3), ("valid", 5)]
    assert acme.read(lambda look: told(look, "live")) == []
    elsewhere = acme.holding("usage:read", on=maps.view.access[0].resource_id)
    assert acme.read(told, elsewhere) == []


def test_a_list_for_who_sees_some_keys_tells_those(acme: Acme, made: Created) -> None:
    acme.api("maps")
    maps = acme.key("Maps", api="maps")
    acme.book(made, 5)
    acme.book(maps, 2)
    ids = [one.view.key.id for one in (made, maps)]
    narrow = acme.holding("usage:read", on=maps.view.access[0].resource_id)
    told = acme.read(lambda look: reports.key_activity(look, [*ids, "key_none"]), narrow)
    assert [told[id].requests for id in ids] == [0, 2]


def test_what_is_left_of_quotas_is_told(acme: Acme) -> None:
    acme.api(limits=(DAILY, RATE, MONTHLY))
    own = Limit(name="monthly", kind=LimitKind.QUOTA, amount=50, window=Window.MONTH)
    made = acme.key(limits=(own,))
    left = acme.read(lambda look: reports.limits_left(look, made.view.key.id))
    told = [(one.subject, one.api_slug, one.limit, one.used, one.left) for one in left]
    assert told == [
        ("key", None, own, 0, 50),
        ("api", "weather", RATE, None, None),
        ("api", "weather", DAILY, 0, 100),
    ]
    now = acme.office.clock.now_us()
    assert left[1].resets_at is None
    assert left[2].resets_at is not None
    assert now < left[2].resets_at <= now + 86_400_000_000


def test_a_percentile_lies_within_its_slot() -> None:
    latency = [0] * 20
    assert percentile_us(latency, 0.5) is None
    latency[0] = 10
    assert percentile_us(latency, 0.5) == 50
    latency[3] = 10
    assert percentile_us(latency, 0.5) == 100
    assert percentile_us(latency, 0.75) == 600
    assert percentile_us(latency, 1) == 800
    latency[19] = 100
    assert percentile_us(latency, 0.99) == 100 << 18

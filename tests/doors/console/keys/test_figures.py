from keyhouse.core.counting import Subject
from keyhouse.core.entities import Limit, LimitKind, Window
from keyhouse.doors.console.keys import filters
from keyhouse.doors.console.keys.chart import chart_of, series_of
from keyhouse.doors.console.keys.figures import figures, gauges, tightest
from keyhouse.services.issue import KeyState
from keyhouse.services.reports import KeyReport, LimitLeft, Point, Span

RATE = Limit(name="m", kind=LimitKind.RATE, amount=60, period_seconds=60)
DAILY = Limit(name="d", kind=LimitKind.QUOTA, amount=1000, window=Window.DAY)
MONTHLY = Limit(name="mo", kind=LimitKind.QUOTA, amount=9000, window=Window.MONTH)


def report() -> KeyReport:
    return KeyReport(
        span=Span.HOUR,
        step_seconds=60,
        since_us=0,
        until_us=120_000_000,
        points=(
            Point(0, 10, 2, {"rate_limited": 1}, 900, 1500),
            Point(60_000_000, 0, 0, {"ip_not_allowed": 5}, None, None),
        ),
        requests=16,
        served=10,
        errors=2,
        refused={"rate_limited": 1, "ip_not_allowed": 5},
        units=10,
        bytes_in=0,
        bytes_out=0,
        p50_us=900,
        p95_us=1500,
    )


def test_layers_add_up_to_all_requests_and_the_commonest_refusal_comes_first() -> None:
    layers = series_of(report())
    assert [(one.label, one.values) for one in layers] == [
        ("Served", (8, 0)),
        ("Upstream errors", (2, 0)),
        ("Address not allowed", (0, 5)),
        ("Rate limited", (1, 0)),
    ]
    assert sum(one.total for one in layers) == report().requests


def test_the_script_is_told_seconds_and_milliseconds() -> None:
    told = chart_of(report())
    assert told["at"] == [0, 60]
    assert told["p95"] == [1.5, None]


def test_the_tightest_quota_is_the_one_most_used() -> None:
    bars = gauges(
        [
            LimitLeft(Subject.KEY, None, None, RATE, "1", None, None, None),
            LimitLeft(Subject.APPLICATION, None, None, MONTHLY, "2", 4500, 4500, 7),
            LimitLeft(Subject.API, "weather", None, DAILY, "3", 900, 100, 8),
            LimitLeft(Subject.ROUTE, "weather", "GET /v1", RATE, "4", None, None, None),
            LimitLeft(Subject.ORGANIZATION, None, None, RATE, "5", None, None, None),
        ]
    )
    found = tightest(bars)
    assert found
    assert (found.title, found.left, found.share, found.tone) == ("d", 100, 90, "low")
    assert [bar.of for bar in bars] == [
        "this key",
        "its application",
        "weather",
        "weather GET /v1",
        "the organization",
    ]
    assert tightest(bars[:1]) is None
    assert figures(report(), bars).refused_share == 37.5


def test_a_quota_that_is_used_up_and_more_is_full() -> None:
    (bar,) = gauges([LimitLeft(Subject.KEY, None, None, DAILY, "1", 1200, 0, 8)])
    assert (bar.share, bar.tone) == (100, "out")


def test_an_address_tells_a_list_and_back() -> None:
    wanted = filters.read({"search": " plan ", "state": "active", "sort": "name"})
    assert wanted.query() == "?search=plan&state=active&sort=name"
    assert wanted.query(sort="newest", state="") == "?search=plan"
    assert filters.read({}).query() == ""
    assert wanted.filter("prj_1", "test", 0).state is KeyState.ACTIVE


def test_nonsense_in_an_address_is_no_filter() -> None:
    wanted = filters.read({"state": "weird", "sort": "';--", "search": "a\x00b"})
    assert not wanted.narrows
    assert wanted.sort == "newest"


def test_a_secret_is_no_search_whatever_stands_around_it() -> None:
    secret = "kh_sk_live_" + "a" * 36
    assert filters.is_secret(secret)
    assert filters.read({"search": f"key={secret}"}).search == ""

"""Usage: booked exactly once, and read back by those whom it concerns."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.usage import KNOWN_AGAIN_US
from keyhouse.core.addresses import UNKNOWN, parse_address, parse_network
from keyhouse.core.entities import Alert, AlertKind, KeyNetwork
from keyhouse.core.grains import even_cuts
from keyhouse.core.latency import LATENCY_SLOTS
from keyhouse.core.observations import (
    OTHER,
    VALUES_A_DAY,
    Dimension,
    ObservationGroup,
    Seen,
)
from keyhouse.core.quotas import Budget, Span
from keyhouse.core.usage import (
    Bucket,
    BucketKey,
    KeyPlace,
    LogAmendment,
    LogRow,
    UsageBatch,
    Use,
)
from keyhouse.core.verdict import Verdict
from keyhouse.ports import LeaseWanted, Node, Observed, Tally, UsageRow, UsageWanted

MINUTE = 29_333_340
"""A whole hour, in minutes since 1970."""
MINUTE_US = 60_000_000
DAY_US = 86_400 * 1_000_000
VALID = Verdict.VALID.number
LIMITED = Verdict.RATE_LIMITED.number
USE = Use("org_p", "org_c", "api_1", "rte_1", "key_1", 1, "app_1", "test", "")


def bucket(requests: int = 1, slot: int = 3) -> Bucket:
    latency = [0] * LATENCY_SLOTS
    latency[slot] = requests
    return Bucket(requests, 2 * requests, 0, 10 * requests, 100 * requests, latency)


def line(number: int, *, use: Use = USE, verdict: int = VALID, path: str = "/x") -> LogRow:
    return LogRow(
        f"req_{number:022}",
        MINUTE * MINUTE_US + number,
        use,
        verdict,
        "GET",
        path,
        parse_address("203.0.113.7"),
        None,
        None,
    )


@pytest.fixture(autouse=True)
def _spool(database: Database) -> None:
    database.sink.open_spool("spl_1", "nod_1", "boot")


def batch(start: int = 0, end: int = 100, spool: str = "spl_1") -> UsageBatch:
    return UsageBatch(
        spool,
        start,
        end,
        buckets={
            BucketKey(MINUTE, USE, VALID): bucket(),
            BucketKey(MINUTE, USE, LIMITED): bucket(3),
        },
        log=[line(start + 1)],
        last_used={("key_1", 1): 50 + start, ("key_1", 2): 40},
    )


def usage(
    database: Database,
    *group_by: str,
    organization: str = "org_p",
    since: int = MINUTE,
    until: int = MINUTE + 60,
    step: int = 3600,
    **equals: str,
) -> list[UsageRow]:
    cuts = even_cuts(since * MINUTE_US, until * MINUTE_US, step)
    return database.reports.usage(UsageWanted(organization, cuts, group_by, equals))


def test_a_new_spool_is_booked_to_0_and_an_unknown_one_nowhere(database: Database) -> None:
    assert database.sink.booked_to("spl_1") == 0
    assert database.sink.booked_to("spl_2") is None


def test_opening_a_known_spool_again_leaves_it(database: Database) -> None:
    database.sink.book(batch())
    database.sink.open_spool("spl_1", "nod_2", "boot")
    assert database.sink.booked_to("spl_1") == 100


def test_a_batch_is_booked_once(database: Database) -> None:
    """A flusher that died before it heard the answer books it again, in vain."""
    assert database.sink.book(batch())
    assert not database.sink.book(batch())
    assert database.sink.booked_to("spl_1") == 100
    assert [(row.verdict, row.requests) for row in usage(database)] == [
        ("valid", 1),
        ("rate_limited", 3),
    ]


def test_networks_of_a_key_are_known_from_the_first_call_to_the_last(
    database: Database,
) -> None:
    """Whatever the order in which nodes book; a batch that is repeated adds nothing."""
    once = KeyPlace("org_c", "key_1", parse_network("10.0.0.0/24")[0])
    other = KeyPlace("org_c", "key_2", parse_network("2001:db8::/48")[0])
    late = 50 + KNOWN_AGAIN_US
    for start, at_us in enumerate((50, 20, late, late + 1)):
        places = {once: at_us, other: 5}
        one = UsageBatch("spl_1", start, start + 1, key_networks=places)
        assert database.sink.book(one)
        assert not database.sink.book(one)
    with database.rows.reading() as rows:
        first, second = rows.find(KeyNetwork)
    assert (first.key_id, first.network) == ("key_1", "10.0.0.0/24")
    assert (first.first_at, first.last_at, first.judged_at) == (20, late, None)
    assert (second.network, second.first_at) == ("2001:db8::/48", 5)
    assert database.upkeep.prune_networks(late, 10) == 1
    assert database.upkeep.prune_networks(late + 1, 10) == 1


def alert(at_us: int, count: int = 1, sample: str = "https://a.example") -> Alert:
    return Alert(
        id="evt_1",
        organization_id="org_c",
        provider_id="org_p",
        key_id="key_1",
        kind=AlertKind.SERVER_KEY_IN_BROWSER,
        first_at=at_us,
        last_at=at_us,
        count=count,
        sample=sample,
    )


def test_alerts_of_one_id_add_up_whatever_the_order(database: Database) -> None:
    """Several nodes tell of the same key on the same day, and none twice."""
    for start, told in enumerate((alert(50), alert(20, 3, "b\0\ud800"), alert(70))):
        one = UsageBatch("spl_1", start, start + 1, alerts=[told])
        assert database.sink.book(one)
        assert not database.sink.book(one)
    with database.rows.reading() as rows:
        (row,) = rows.find(Alert)
    assert (row.first_at, row.last_at, row.count) == (20, 70, 5)
    assert database.upkeep.prune_alerts(70, 10) == 0
    assert database.upkeep.prune_alerts(71, 10) == 1


def test_a_batch_booked_by_many_at_once_is_booked_once(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        booked = list(pool.map(lambda _: database.sink.book(batch()), range(6)))
    assert sorted(booked) == [False] * 5 + [True]
    assert usage(database)[0].requests == 1


def test_a_gap_and_an_unknown_spool_are_errors_and_not_taken_for_booked(
    database: Database,
) -> None:
    with pytest.raises(ValueError, match="booked to 0"):
        database.sink.book(batch(start=5))
    with pytest.raises(ValueError, match="not known"):
        database.sink.book(batch(spool="spl_none"))
    assert usage(database) == []


def test_batches_add_up(database: Database) -> None:
    database.sink.book(batch(0, 100))
    database.sink.book(batch(100, 200))
    row = usage(database)[0]
    assert row == UsageRow(
        MINUTE * MINUTE_US, {}, "valid", 2, 4, 0, 20, 200, tuple(bucket(2).latency)
    )


def test_two_nodes_book_the_same_buckets_at_once(database: Database) -> None:
    database.sink.open_spool("spl_2", "nod_2", "boot")
    uses = [USE._replace(key_id=f"key_{number}") for number in range(40)]

    def book(spool: str) -> None:
        order = uses if spool == "spl_1" else uses[::-1]
        for start in range(5):
            buckets = {BucketKey(MINUTE, use, VALID): bucket() for use in order}
            assert database.sink.book(UsageBatch(spool, start, start + 1, buckets))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(book, ["spl_1", "spl_2"]))
    assert usage(database)[0].requests == 400


def test_provider_and_consumer_see_their_usage_and_nobody_else(database: Database) -> None:
    database.sink.book(batch())
    assert len(usage(database, organization="org_p")) == 2
    assert len(usage(database, organization="org_c")) == 2
    assert usage(database, organization="org_x") == []


def test_own_use_of_an_own_api_is_counted_once(database: Database) -> None:
    own = USE._replace(consumer_id="org_p")
    database.sink.book(
        UsageBatch(
            "spl_1", 0, 1, {BucketKey(MINUTE, own, VALID): bucket()}, log=[line(1, use=own)]
        )
    )
    assert usage(database)[0].requests == 1
    page = database.reports.requests("org_p", after=None, limit=5, equals={})
    assert len(page.rows) == 1


def test_usage_is_grouped_filtered_and_cut_in_steps(database: Database) -> None:
    other = USE._replace(key_id="key_2", api_id="api_2", environment="live")
    buckets = {
        BucketKey(MINUTE - 1, USE, VALID): bucket(5),
        BucketKey(MINUTE, USE, VALID): bucket(1),
        BucketKey(MINUTE + 1, USE, VALID): bucket(2),
        BucketKey(MINUTE + 1, other, VALID): bucket(4),
        BucketKey(MINUTE + 60, USE, VALID): bucket(7),
    }
    database.sink.book(UsageBatch("spl_1", 0, 1, buckets))
    assert [row.requests for row in usage(database)] == [7]
    minutes = usage(database, step=60)
    assert [(row.start_us, row.requests) for row in minutes] == [
        (MINUTE * MINUTE_US, 1),
        ((MINUTE + 1) * MINUTE_US, 6),
    ]
    grouped = usage(database, "environment", "key")
    assert [(dict(row.group), row.requests) for row in grouped] == [
        ({"environment": "live", "key": "key_2"}, 4),
        ({"environment": "test", "key": "key_1"}, 3),
    ]
    assert [row.requests for row in usage(database, api="api_2")] == [4]
    assert usage(database, route="rte_9") == []
    assert usage(database, verdict="unknown") == []
    assert [r.requests for r in usage(database, until=MINUTE + 61)] == [7, 7]


@pytest.mark.parametrize("step", [0, 59, -60])
def test_a_step_is_whole_minutes(database: Database, step: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        usage(database, step=step)


def test_unknown_groups_filters_and_verdicts_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="colour"):
        usage(database, "colour")
    with pytest.raises(ValueError, match="colour"):
        usage(database, colour="red")
    with pytest.raises(ValueError, match="red"):
        usage(database, verdict="red")


def test_the_request_log_is_read_newest_first_in_pages(database: Database) -> None:
    lines = [line(number) for number in range(1, 8)]
    lines[3].address = UNKNOWN
    lines[4].address = parse_address("2001:db8::1")
    lines[5].status, lines[5].latency_us = 200, 1234
    database.sink.book(UsageBatch("spl_1", 0, 1, log=lines))
    seen: list[LogRow] = []
    cursor: str | None = None
    while True:
        page = database.reports.requests("org_p", after=cursor, limit=3, equals={})
        seen += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == lines[::-1]


def test_the_request_log_is_filtered_and_private(database: Database) -> None:
    log = [line(1), line(2, verdict=LIMITED), line(3, use=USE._replace(key_id="key_2"))]
    database.sink.book(UsageBatch("spl_1", 0, 1, log=log))

    def ids(organization: str, **equals: str | tuple[str, ...]) -> list[int]:
        page = database.reports.requests(organization, after=None, limit=9, equals=equals)
        return [int(row.request_id[4:]) for row in page.rows]

    assert ids("org_c") == [3, 2, 1]
    assert ids("org_p", key="key_1") == [2, 1]
    assert ids("org_p", verdict="rate_limited") == [2]
    assert ids("org_p", verdict=("valid", "rate_limited"), key="key_1") == [2, 1]
    assert ids("org_p", request=line(3).request_id) == [3]
    assert ids("org_p", key=()) == []
    assert ids("org_x", request=line(3).request_id) == []
    assert ids("org_x") == []


def test_a_foreign_cursor_of_the_log_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="cursor"):
        database.reports.requests("org_p", after="x", limit=9, equals={})


def test_an_exchange_that_ended_later_amends_its_line(database: Database) -> None:
    database.sink.book(UsageBatch("spl_1", 0, 1, log=[line(1), line(2)]))
    ends = [LogAmendment(line(1).request_id, 502, 77), LogAmendment("req_gone", 200, 1)]
    database.sink.book(UsageBatch("spl_1", 1, 2, amendments=ends))
    rows = database.reports.requests("org_p", after=None, limit=9, equals={}).rows
    assert [(row.status, row.latency_us) for row in rows] == [(None, None), (502, 77)]


def test_what_a_stranger_sent_never_stops_the_booking(database: Database) -> None:
    """A NUL or a broken character in a path would block all usage behind it."""
    log = [line(1, path="/a\0b"), line(2, path="/\udcff"), line(3), line(3)]
    assert database.sink.book(UsageBatch("spl_1", 0, 1, log=log))
    rows = database.reports.requests("org_p", after=None, limit=9, equals={}).rows
    assert [row.path for row in rows] == ["/x", "/?", "/a?b"]


def test_last_use_is_the_latest_over_all_secrets(database: Database) -> None:
    database.sink.book(batch(0, 100))
    assert database.reports.last_used(["key_1", "key_2"]) == {"key_1": 50}
    with database.rows.reading() as tx:
        assert tx.last_used(["key_1", "key_2"]) == {"key_1": 50}
    late = UsageBatch("spl_1", 100, 101, last_used={("key_1", 1): 7, ("key_1", 2): 99})
    database.sink.book(late)
    assert database.reports.last_used(["key_1"]) == {"key_1": 99}
    assert database.reports.last_used([]) == {}


def test_last_use_is_known_of_each_secret(database: Database) -> None:
    database.sink.book(batch(0, 100))
    assert database.reports.secrets_last_used("key_1") == {1: 50, 2: 40}
    assert database.reports.secrets_last_used("key_9") == {}


def test_tallies_count_as_usage_does_and_take_several_values(database: Database) -> None:
    other = USE._replace(key_id="key_2")
    third = USE._replace(key_id="key_3")
    buckets = {BucketKey(MINUTE, use, VALID): bucket(2) for use in (USE, other, third)}
    buckets[BucketKey(MINUTE + 1, USE, LIMITED)] = Bucket(1, 0, 1)
    database.sink.book(UsageBatch("spl_1", 0, 1, buckets))
    cuts = even_cuts(MINUTE * MINUTE_US, (MINUTE + 60) * MINUTE_US, 3600)
    equals = {"key": ("key_1", "key_2"), "environment": "test"}
    found = database.reports.tallies(UsageWanted("org_c", cuts, ("key",), equals))
    assert found == [
        Tally(MINUTE * MINUTE_US, {"key": "key_1"}, "valid", 2, 0),
        Tally(MINUTE * MINUTE_US, {"key": "key_1"}, "rate_limited", 1, 1),
        Tally(MINUTE * MINUTE_US, {"key": "key_2"}, "valid", 2, 0),
    ]


def test_what_is_spent_of_budgets_is_told_in_their_order(database: Database) -> None:
    budgets = [Budget("org_p", "key", f"key_{n}", "test", "daily") for n in range(3)]
    span = Span(0, 1000)
    wants = [LeaseWanted(budget, span, 100, 10, 10) for budget in budgets[:2]]
    first, second = database.ledger.lease("spl_1", wants)
    settled = {first.lease_id: 4, second.lease_id: 7}
    database.sink.book(UsageBatch("spl_1", 0, 1, settled=settled))
    asked = [(budget, span) for budget in budgets[::-1]]
    assert database.reports.spent(asked) == [0, 7, 4]
    assert database.reports.spent([(budgets[0], Span(1000, 2000))]) == [0]
    assert database.reports.spent([]) == []


def test_old_lines_are_pruned_a_bounded_number_at_a_time(database: Database) -> None:
    database.sink.book(UsageBatch("spl_1", 0, 1, log=[line(n) for n in range(1, 8)]))
    before = line(6).at_us
    assert database.upkeep.prune_requests(before, 3) == 3
    assert database.upkeep.prune_requests(before, 3) == 2
    assert database.upkeep.prune_requests(before, 3) == 0
    page = database.reports.requests("org_p", after=None, limit=9, equals={})
    assert page.rows == [line(7), line(6)]


def test_nodes_come_are_refreshed_and_go(database: Database) -> None:
    node = Node("nod_1", "boot", "gateway", 7, 3, 1000)
    database.nodes.announce(node)
    database.nodes.announce(node._replace(applied_seq=4, confirmed_at=2000))
    assert database.upkeep.prune_nodes(2000) == 0
    assert database.upkeep.prune_nodes(2001) == 1
    database.nodes.announce(node)
    database.nodes.leave("nod_1")
    database.nodes.leave("nod_1")
    assert database.upkeep.prune_nodes(9999) == 0


# -- observations -------------------------------------------------------------------

DAY = MINUTE * MINUTE_US // DAY_US
AT = DAY * DAY_US
STRANGERS = ObservationGroup(
    DAY, "org_p", "", "api_1", "", Verdict.UNKNOWN.number, Dimension.NETWORK
)


def seen_in(
    start: int,
    values: dict[str, Seen],
    group: ObservationGroup = STRANGERS,
    spool: str = "spl_1",
) -> UsageBatch:
    return UsageBatch(spool, start, start + 1, observations={group: values})


def observed(
    database: Database, organization: str = "org_p", since: int = DAY, **equals: str
) -> list[Observed]:
    return database.reports.observed(
        organization,
        Dimension.NETWORK,
        since_us=since * DAY_US,
        until_us=(DAY + 1) * DAY_US,
        equals=equals,
    )


def test_what_was_seen_adds_up_and_is_told_with_its_first_and_last_time(
    database: Database,
) -> None:
    database.sink.book(seen_in(0, {"a": Seen(2, AT + 5, AT + 9), OTHER: Seen(1, 3, 3)}))
    again = seen_in(1, {"a": Seen(4, AT + 1, AT + 7), "b": Seen(1, AT + 8, AT + 8)})
    assert database.sink.book(again)
    assert not database.sink.book(again)
    assert observed(database) == [
        Observed("api_1", "unknown", "a", 6, AT + 1, AT + 9),
        Observed("api_1", "unknown", "b", 1, AT + 8, AT + 8),
        Observed("api_1", "unknown", OTHER, 1, 3, 3),
    ]


def test_what_was_seen_is_the_providers_alone(database: Database) -> None:
    database.sink.book(seen_in(0, {"a": Seen(1, AT, AT)}))
    assert observed(database, "org_x") == []


def test_what_was_seen_is_told_by_day_api_and_verdict(database: Database) -> None:
    groups = [
        STRANGERS,
        STRANGERS._replace(day=DAY - 1),
        STRANGERS._replace(api_id="api_2"),
        STRANGERS._replace(verdict=Verdict.MALFORMED.number),
    ]
    for start, group in enumerate(groups):
        database.sink.book(seen_in(start, {"a": Seen(1 << start, AT, AT)}, group))
    assert [row.requests for row in observed(database)] == [8, 4, 1]
    assert [row.requests for row in observed(database, since=DAY - 1)] == [8, 4, 3]
    assert [row.requests for row in observed(database, api="api_2")] == [4]
    assert [row.requests for row in observed(database, verdict="malformed")] == [8]


def test_a_flood_from_many_networks_grows_no_table_and_loses_no_count(
    database: Database,
) -> None:
    """One site of IPv6 has more networks than a database has room."""
    busy = {"busy": Seen(50, AT, AT + 100)}
    crowd = [f"n{number:04}" for number in range(3 * VALUES_A_DAY)]
    for start in range(3):
        part = crowd[start * VALUES_A_DAY : (start + 1) * VALUES_A_DAY]
        database.sink.book(seen_in(start, {v: Seen(1, AT + 1, AT + 2) for v in part}))
    database.sink.book(seen_in(3, busy))
    rows = {row.value: row for row in observed(database)}
    assert len(rows) == VALUES_A_DAY + 1
    assert rows["busy"].requests == 50
    assert sum(row.requests for row in rows.values()) == 3 * VALUES_A_DAY + 50
    assert rows[OTHER] == Observed(
        "api_1", "unknown", OTHER, 2 * VALUES_A_DAY + 1, AT + 1, AT + 2
    )


def test_two_nodes_that_compete_for_places_lose_no_count(database: Database) -> None:
    database.sink.open_spool("spl_2", "nod_2", "boot")
    groups = [STRANGERS._replace(api_id=f"api_{number}") for number in range(3)]

    def book(spool: str) -> None:
        for start in range(6):
            own = {f"{spool}-{start}-{n}": Seen(1, AT, AT) for n in range(40)}
            values = {**own, **{f"both-{n}": Seen(1, AT, AT) for n in range(30)}}
            order = groups if spool == "spl_1" else groups[::-1]
            told = dict.fromkeys(order, values)
            batch = UsageBatch(spool, start, start + 1, observations=told)
            assert database.sink.book(batch)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(book, ["spl_1", "spl_2"]))
    rows = observed(database, api="api_1")
    assert len(rows) == VALUES_A_DAY + 1
    assert sum(row.requests for row in rows) == 2 * 6 * 70


def test_the_busiest_are_named_and_all_together_is_what_was_counted(
    database: Database,
) -> None:
    """A report of the busiest reads no more than those, of however many there are."""
    values = {f"n{number}": Seen(number, AT + number, AT + 90) for number in range(1, 7)}
    database.sink.book(seen_in(0, values | {OTHER: Seen(9, AT + 8, AT + 99)}))
    elsewhere = STRANGERS._replace(api_id="api_2")
    database.sink.book(seen_in(1, {OTHER: Seen(4, AT, AT)}, elsewhere))
    few = STRANGERS._replace(verdict=Verdict.MALFORMED.number)
    database.sink.book(seen_in(2, {"n1": Seen(1, AT, AT), "n2": Seen(2, AT, AT)}, few))
    found = database.reports.observed(
        "org_p", Dimension.NETWORK, since_us=0, until_us=AT + DAY_US, equals={}, named_max=2
    )
    assert found == [
        Observed("api_1", "unknown", OTHER, 19, AT + 1, AT + 99),
        Observed("api_1", "unknown", "n6", 6, AT + 6, AT + 90),
        Observed("api_1", "unknown", "n5", 5, AT + 5, AT + 90),
        Observed("api_2", "unknown", OTHER, 4, AT, AT),
        Observed("api_1", "malformed", OTHER, 3, AT, AT),
    ]


def test_old_observations_are_pruned_a_bounded_number_at_a_time(database: Database) -> None:
    values = {f"n{number}": Seen(1, AT, AT) for number in range(6)}
    database.sink.book(seen_in(0, values))
    database.sink.book(seen_in(1, values, STRANGERS._replace(day=DAY + 1)))
    before = (DAY + 1) * DAY_US + 5
    assert database.upkeep.prune_observations(before, 4) == 4
    assert database.upkeep.prune_observations(before, 4) == 3  # and the row for the rest
    assert database.upkeep.prune_observations(before, 4) == 0
    assert database.reports.observed(
        "org_p", Dimension.NETWORK, since_us=0, until_us=AT + 2 * DAY_US, equals={}
    )

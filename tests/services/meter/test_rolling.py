"""Usage is summed up as it is counted: it must be what the spool would tell."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.decision import Decision
from keyhouse.core.observations import OTHER, VALUES_A_BATCH, VALUES_A_BATCH_IN_ALL, Seen
from keyhouse.core.records import ApiRecord
from keyhouse.core.usage import Completed
from keyhouse.core.verdict import BY_NUMBER, Verdict
from keyhouse.services.meter import Meter, roll

MINUTE_US = 60_000_000
NOW = 29_333_340 * MINUTE_US
DAY = NOW // (1440 * MINUTE_US)
APIS = [
    ApiRecord(
        id, "org_p", "prj_p", id, {}, b"x-api-key", None, None, (), (), (), disabled=False
    )
    for id in ("api_a", "api_b")
]


class Event(NamedTuple):
    """One thing that happens to a meter."""

    what: str
    api: ApiRecord
    verdict: Verdict
    after_us: int
    lease_ids: tuple[str, ...]
    status: int
    many: int
    address: int


EVENTS = st.lists(
    st.builds(
        Event,
        what=st.sampled_from(("served", "served", "completed", "settled", "cut")),
        api=st.sampled_from(APIS),
        verdict=st.sampled_from(
            (Verdict.VALID, Verdict.UNKNOWN, Verdict.RATE_LIMITED, Verdict.UNAVAILABLE)
        ),
        after_us=st.integers(0, 3 * MINUTE_US),
        lease_ids=st.sampled_from(((), ("lse_a",), ("lse_a", "lse_b"))),
        status=st.sampled_from((0, 200, 404, 500, 503)),
        many=st.integers(0, 1 << 40),
        address=st.sampled_from((UNKNOWN, 1, 1 << 80, parse_address("203.0.113.7"))),
    ),
    max_size=40,
)


@given(events=EVENTS, rows_max=st.integers(0, 5))
def test_live_sums_are_those_of_the_spool(events: list[Event], rows_max: int) -> None:
    with TemporaryDirectory() as folder:
        spool = MappedSpoolFolder(Path(folder), "boot").create("spl_a")
        meter = Meter(spool, rows_max)
        under_way: list[tuple[str, Decision, ApiRecord]] = []
        for number, event in enumerate(events):
            if event.what == "served":
                under_way.append(_serve(meter, number, event))
            elif event.what == "completed" and under_way:
                request_id, decision, api = under_way.pop(0)
                use = meter.use(decision, api)
                status, many = event.status, event.many
                meter.completed(request_id, decision, use, status, many, many, 7)
            elif event.what == "settled" and under_way:
                _settle(meter, event, *under_way.pop(0))
            else:
                _compare(meter, rows_max)
        _compare(meter, rows_max)
        spool.discard()


def _serve(meter: Meter, number: int, event: Event) -> tuple[str, Decision, ApiRecord]:
    decision = Decision(
        event.verdict, NOW + event.after_us, units=number % 3, lease_ids=event.lease_ids
    )
    request_id = f"req_{number:022}"
    assert meter.served(request_id, decision, event.api, "GET", "/x", event.address)
    return request_id, decision, event.api


def _settle(
    meter: Meter, event: Event, request_id: str, decision: Decision, api: ApiRecord
) -> None:
    use, number = meter.use(decision, api), decision.verdict.number
    at_us, status, many = decision.at_us, event.status, event.many
    ended = Completed(request_id, at_us, use, number, status, many, many, 7)
    assert meter.settled(ended, decision, decision.units)


def _compare(meter: Meter, rows_max: int) -> None:
    cut = meter.cut()
    if cut is None:
        return
    spool = meter.spool
    live = cut.rolling.batch(spool.id, cut.start, cut.end)
    read_back = roll(spool.id, spool.stretch(cut.end), rows_max)
    assert live == read_back
    assert cut.rolling.batch(spool.id, cut.start, cut.end) == live
    spool.booked(cut.end)


def test_a_crowd_of_networks_is_bounded_and_reads_back_as_it_was_summed_up() -> None:
    """Also where the API was loaded anew within the stretch: its places are the same."""
    with TemporaryDirectory() as folder:
        spool = MappedSpoolFolder(Path(folder), "boot").create("spl_a")
        meter = Meter(spool, 0)
        for number in range(3 * VALUES_A_BATCH):
            api = replace(APIS[0]) if number % 50 == 0 else APIS[0]
            decision = Decision(Verdict.UNKNOWN, NOW + number)
            address = (0x2001_0DB8_0000 + number) << 80 | number
            assert meter.served(f"req_{number:022}", decision, api, "GET", "/x", address)
        cut = meter.cut()
        assert cut is not None
        live = cut.rolling.batch(spool.id, cut.start, cut.end)
        assert live == roll(spool.id, spool.stretch(cut.end), 0)
        (seen,) = live.observations.values()
        assert len(seen) == VALUES_A_BATCH + 1
        assert seen["2001:db8::/48"] == Seen(1, NOW, NOW)
        first, last = NOW + VALUES_A_BATCH, NOW + 3 * VALUES_A_BATCH - 1
        assert seen[OTHER] == Seen(2 * VALUES_A_BATCH, first, last)
        spool.discard()


def test_a_flood_that_goes_round_all_apis_is_bounded_and_counted_for_each() -> None:
    with TemporaryDirectory() as folder:
        spool = MappedSpoolFolder(Path(folder), "boot").create("spl_a")
        meter = Meter(spool, 0)
        apis = [replace(APIS[0], id=f"api_{number}") for number in range(8)]
        each = VALUES_A_BATCH - 8
        for number in range(each * len(apis)):
            decision = Decision(Verdict.UNKNOWN, NOW + number)
            api, address = apis[number % len(apis)], number << 80
            assert meter.served(f"req_{number:022}", decision, api, "GET", "/x", address)
        cut = meter.cut()
        assert cut is not None
        live = cut.rolling.batch(spool.id, cut.start, cut.end)
        assert live == roll(spool.id, spool.stretch(cut.end), 0)
        told = list(live.observations.values())
        named = sum(len(seen.keys() - {OTHER}) for seen in told)
        assert named == VALUES_A_BATCH_IN_ALL
        assert [sum(one.requests for one in seen.values()) for seen in told] == [each] * 8
        spool.discard()


def test_attempts_are_counted_by_network_and_valid_requests_are_not() -> None:
    with TemporaryDirectory() as folder:
        spool = MappedSpoolFolder(Path(folder), "boot").create("spl_a")
        meter = Meter(spool, 0)
        asked = [
            (Verdict.UNKNOWN, "203.0.113.7"),
            (Verdict.UNKNOWN, "203.0.113.200"),
            (Verdict.MALFORMED, "203.0.113.7"),
            (Verdict.UNAVAILABLE, "198.51.100.1"),
            (Verdict.MISSING, "198.51.100.1"),
            (Verdict.RATE_LIMITED, "198.51.100.1"),
            (Verdict.VALID, "198.51.100.1"),
        ]
        for number, (verdict, address) in enumerate(asked):
            decision = Decision(verdict, NOW + number)
            where = parse_address(address)
            meter.served(f"req_{number:022}", decision, APIS[0], "GET", "/x", where)
        meter.served("req_x", Decision(Verdict.UNKNOWN, NOW), None, "GET", "/y", 1)
        cut = meter.cut()
        assert cut is not None
        told = cut.rolling.batch(spool.id, cut.start, cut.end).observations
        assert {
            (group.provider_id, group.api_id, BY_NUMBER[group.verdict], group.day): seen
            for group, seen in told.items()
        } == {
            ("org_p", "api_a", Verdict.UNKNOWN, DAY): {
                "203.0.113.0/24": Seen(2, NOW, NOW + 1)
            },
            ("org_p", "api_a", Verdict.MALFORMED, DAY): {
                "203.0.113.0/24": Seen(1, NOW + 2, NOW + 2)
            },
            ("org_p", "api_a", Verdict.UNAVAILABLE, DAY): {
                "198.51.100.0/24": Seen(1, NOW + 3, NOW + 3)
            },
        }
        spool.discard()

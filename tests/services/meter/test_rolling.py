"""Usage is summed up as it is counted: it must be what the spool would tell."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.verdict import Verdict
from keyhouse.services.meter import Meter, roll

MINUTE_US = 60_000_000
NOW = 29_333_340 * MINUTE_US
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


EVENTS = st.lists(
    st.builds(
        Event,
        what=st.sampled_from(("served", "served", "completed", "cut")),
        api=st.sampled_from(APIS),
        verdict=st.sampled_from((Verdict.VALID, Verdict.UNKNOWN, Verdict.RATE_LIMITED)),
        after_us=st.integers(0, 3 * MINUTE_US),
        lease_ids=st.sampled_from(((), ("lse_a",), ("lse_a", "lse_b"))),
        status=st.sampled_from((0, 200, 404, 500, 503)),
        many=st.integers(0, 1 << 40),
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
            else:
                _compare(meter, rows_max)
        _compare(meter, rows_max)
        spool.discard()


def _serve(meter: Meter, number: int, event: Event) -> tuple[str, Decision, ApiRecord]:
    decision = Decision(
        event.verdict, NOW + event.after_us, units=number % 3, lease_ids=event.lease_ids
    )
    request_id = f"req_{number:022}"
    assert meter.served(request_id, decision, event.api, "GET", "/x", 1)
    return request_id, decision, event.api


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

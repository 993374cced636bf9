"""A report of usage in pages is the report."""

from itertools import product

import pytest

from keyhouse.adapters.database import Database
from keyhouse.adapters.database.cursors import write_cursor
from keyhouse.core.grains import even_cuts
from keyhouse.core.usage import BucketKey, UsageBatch
from keyhouse.ports import UsageRow, UsageWanted
from tests.contracts.test_usage import LIMITED, MINUTE, MINUTE_US, USE, VALID, bucket

KEYS = 7
GROUPINGS = ((), ("key",), ("api", "environment"), ("environment", "key", "route"))


@pytest.fixture(autouse=True)
def booked(database: Database) -> None:
    """Keys of an organization that provides and consumes, with gaps of hours."""
    database.sink.open_spool("spl_1", "nod_1", "boot")
    buckets = {}
    numbers = product(range(KEYS), (0, 1, 61, 62, 400, 1500), (VALID, LIMITED))
    for place, (key, minute, verdict) in enumerate(numbers):
        use = USE._replace(
            key_id=f"key_{key}",
            api_id=f"api_{key % 2}",
            route_id=("", "rte_1", "tokens")[place % 3],
            environment=("live", "test")[key % 2],
            consumer_id=("org_c", "org_p")[key % 2],
            provider_id=("org_x", "org_p", "org_p")[place % 3],
        )
        buckets[BucketKey(MINUTE + minute, use, verdict)] = bucket(place + 1)
    database.sink.book(UsageBatch("spl_1", 0, 1, buckets))


def wanted(organization: str, step: int, *group_by: str) -> UsageWanted:
    since, until = (MINUTE - 30) * MINUTE_US, (MINUTE + 2000) * MINUTE_US
    return UsageWanted(organization, even_cuts(since, until, step), group_by, {})


def paged(database: Database, of: UsageWanted, limit: int) -> list[UsageRow]:
    page = database.reports.usage_page(of, after=None, limit=limit)
    found = page.rows
    while page.next_cursor is not None:
        assert len(page.rows) == limit, "a page that has a next is full"
        page = database.reports.usage_page(of, after=page.next_cursor, limit=limit)
        assert page.rows, "a cursor leads to something"
        found += page.rows
    return found


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_pages_of_any_size_are_the_whole(
    database: Database, group_by: tuple[str, ...]
) -> None:
    """What stands at the edge of a page is neither lost nor told twice."""
    for step, organization in product((60, 3600, 86_400), ("org_p", "org_c")):
        asked = wanted(organization, step, *group_by)
        whole = database.reports.usage(asked)
        assert len(whole) > 2
        for limit in (1, 3, len(whole), len(whole) + 1):
            assert paged(database, asked, limit) == whole, (step, organization, limit)


def test_a_cursor_of_another_report_is_refused(database: Database) -> None:
    by_key, by_api = wanted("org_p", 3600, "key"), wanted("org_p", 3600, "api")
    page = database.reports.usage_page(by_key, after=None, limit=1)
    log = database.reports.requests("org_p", after=None, limit=1, equals={})
    assert log.next_cursor is None
    for asked, cursor in (
        (by_api, page.next_cursor),
        (by_key, "none"),
        (by_key, write_cursor("key_1")),
        (by_key, write_cursor("usage,key/1/key_1/9999")),
        (by_key, write_cursor("usage,key/x/key_1/1")),
        (by_key, write_cursor("usage,key/1/key_1")),
    ):
        with pytest.raises(ValueError, match=r"cursor|int"):
            database.reports.usage_page(asked, after=cursor, limit=1)


def test_a_cursor_behind_the_end_or_before_the_start_is_none_to_fail_on(
    database: Database,
) -> None:
    """The report moved on meanwhile: it is told from its first step on, or is over."""
    asked = wanted("org_p", 3600, "key")
    page = database.reports.usage_page(asked, after=None, limit=1)
    late = asked._replace(cuts=[cut._replace(start=cut.end - 1000) for cut in asked.cuts])
    whole = database.reports.usage(late)
    rest = database.reports.usage_page(late, after=page.next_cursor, limit=1000)
    assert rest == (whole, None)
    over = write_cursor(f"usage,key/{MINUTE + 9000}/key_1/1")
    assert database.reports.usage_page(asked, after=over, limit=5) == ([], None)

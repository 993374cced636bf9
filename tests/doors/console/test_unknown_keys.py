"""The overview shows who tries keys that are not known."""

import pytest

from keyhouse.adapters.database import Database
from keyhouse.core.observations import OTHER, Dimension, ObservationGroup, Seen
from keyhouse.core.usage import Bucket, BucketKey, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.services.work import Office
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import Rooms, enter

MINUTE_US = 60_000_000


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


def _book(
    rooms: Rooms, office: Office, database: Database, api: str, networks: dict[str, int]
) -> None:
    """One call that passed, so that the overview is no first day's, and these attempts."""
    us, now = rooms.home.strip("/"), office.clock.now_us()
    minute, day = now // MINUTE_US, now // (1440 * MINUTE_US)
    served = Use(us, us, api, "", "key_1", 1, "app_1", "test", "")
    strange = Use(us, "", api, "", "", 0, "", "", "")
    unknown = Verdict.UNKNOWN.number
    batch = UsageBatch("spl_1", 0, 1)
    batch.buckets = {BucketKey(minute, served, Verdict.VALID.number): Bucket(1)}
    if networks:
        tried = Bucket(sum(networks.values()))
        batch.buckets[BucketKey(minute, strange, unknown)] = tried
        group = ObservationGroup(day, us, "", api, "", unknown, Dimension.NETWORK)
        seen = {network: Seen(n, now, now) for network, n in networks.items()}
        batch.observations = {group: seen}
    database.sink.open_spool("spl_1", "nod_1", "boot")
    assert database.sink.book(batch)


async def test_networks_that_try_unknown_keys_are_on_the_overview(
    rooms: Rooms, office: Office, database: Database
) -> None:
    api = (await rooms.api()).rpartition("/")[2]
    networks = {"203.0.113.0/24": 1400, "unknown": 3, OTHER: 70}
    _book(rooms, office, database, api, networks)
    page = await rooms.text(f"{rooms.root}/overview")
    assert "1,473 attempts in the last 24 hours." in page
    assert "203.0.113.0/24" in page
    assert "no address" in page
    assert "all others" in page
    needs = page[page.index('id="needs"') : page.index('id="by-api"')]
    assert "Unknown keys</a> were tried 1,473 times in 24 hours" in needs


async def test_a_quiet_day_says_so_and_asks_for_no_hand(
    rooms: Rooms, office: Office, database: Database
) -> None:
    api = (await rooms.api()).rpartition("/")[2]
    _book(rooms, office, database, api, {})
    page = await rooms.text(f"{rooms.root}/overview")
    assert "Nobody tried a key that is not known" in page
    assert "Unknown keys</a>" not in page

"""What was counted, read back through the management API."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core.entities import Alert, AlertKind, KeyNetwork
from keyhouse.core.ids import make_id
from keyhouse.core.observations import (
    OTHER,
    VALUES_A_DAY,
    Dimension,
    ObservationGroup,
    Seen,
)
from keyhouse.core.usage import Bucket, BucketKey, LogRow, UsageBatch, Use
from keyhouse.core.verdict import Verdict
from keyhouse.doors.api.times import format_time
from tests.doors.api.conftest import House, Tenant

MINUTE_US = 60_000_000
DAY_US = 86_400 * 1_000_000
UNKNOWN_KEYS = "/v1/usage/unknown-keys"


async def _book(house: House, tenant: Tenant, slug: str) -> tuple[str, int]:
    """Three requests of a new key, one of them refused, in the minute before now."""
    api = await tenant.weather(slug)
    key = await tenant.key(access=[{"api": slug}])
    us = tenant.organization
    use = Use(us, us, api["id"], "", key["id"], 1, key["application"], "test", "")
    at = house.office.clock.now_us() // MINUTE_US * MINUTE_US
    valid, limited = Verdict.VALID.number, Verdict.RATE_LIMITED.number
    lines = [
        LogRow(f"req_{slug}{n}", at + n, use, verdict, "GET", "/a", 0x7F000001, 200, 1500)
        for n, verdict in enumerate((valid, valid, limited))
    ]
    minute = at // MINUTE_US
    batch = UsageBatch(f"spl_{slug}", 0, 64, log=lines)
    batch.buckets = {
        BucketKey(minute, use, valid): Bucket(requests=2, units=4),
        BucketKey(minute, use, limited): Bucket(requests=1),
    }
    batch.last_used = {(key["id"], 1): at}
    house.database.sink.open_spool(f"spl_{slug}", "nod_1", "boot")
    assert house.database.sink.book(batch)
    return key["id"], at


async def test_usage_is_told_by_group_and_verdict(house: House, tenant: Tenant) -> None:
    key, at = await _book(house, tenant, "weather")
    query = {"step": "minute", "group_by": "key", "api": "weather"}
    rows = (await tenant.client.get("/v1/usage", params=query)).json()["data"]
    told = [
        (row["start"], row["key"], row["verdict"], row["requests"], row["units"])
        for row in rows
    ]
    start = format_time(at)
    assert told == [(start, key, "valid", 2, 4), (start, key, "rate_limited", 1, 0)]
    assert "api" not in rows[0]
    other = {"step": "minute", "key": "key_other"}
    assert (await tenant.client.get("/v1/usage", params=other)).json()["data"] == []


async def test_usage_comes_in_pages_and_whole_where_nobody_asks_for_them(
    house: House, tenant: Tenant
) -> None:
    """A bill is made of all rows; who knows nothing of pages misses none of a few."""
    for slug in ("weather", "maps", "tides"):
        await _book(house, tenant, slug)
    plain = {"step": "minute", "group_by": "key,api"}
    query = {**plain, "limit": "4"}
    whole = (await tenant.client.get("/v1/usage", params=plain)).json()
    assert (len(whole["data"]), whole["next_cursor"]) == (6, None)
    first = (await tenant.client.get("/v1/usage", params=query)).json()
    behind = {**query, "cursor": first["next_cursor"]}
    last = (await tenant.client.get("/v1/usage", params=behind)).json()
    assert first["data"] + last["data"] == whole["data"]
    assert (len(first["data"]), last["next_cursor"]) == (4, None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"group_by": "api"}, "cursor"),
        ({"cursor": "none"}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"limit": "10001"}, "limit"),
    ],
)
async def test_a_page_of_usage_that_is_none_is_refused(
    house: House, tenant: Tenant, changed: dict[str, str], field: str
) -> None:
    await _book(house, tenant, "weather")
    query = {"step": "minute", "group_by": "key", "limit": "1"}
    first = (await tenant.client.get("/v1/usage", params=query)).json()
    asked = {**query, "cursor": first["next_cursor"], **changed}
    refused = await tenant.client.get("/v1/usage", params=asked)
    assert refused.status_code == 422, refused.text
    assert [problem["field"] for problem in refused.json()["errors"]] == [field]


async def test_usage_is_told_by_the_days_and_months_of_a_time_zone(
    house: House, tenant: Tenant
) -> None:
    """Whose customers live in Nepal sees their days, which begin at 18:15 of UTC."""
    key, at = await _book(house, tenant, "weather")
    zone = ZoneInfo("Asia/Kathmandu")
    here = datetime.fromtimestamp(at / 10**6, zone)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    for step, start in (("day", midnight), ("month", midnight.replace(day=1))):
        query = {"step": step, "time_zone": zone.key, "key": key}
        rows = (await tenant.client.get("/v1/usage", params=query)).json()["data"]
        assert [row["start"] for row in rows] == [
            start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ] * 2
        assert sum(row["requests"] for row in rows) == 3


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "", "Europe", "\u0000", "x" * 300]
)
async def test_a_time_zone_that_is_none_is_named(tenant: Tenant, zone: str) -> None:
    query = {"step": "day", "time_zone": zone}
    answer = await tenant.client.get("/v1/usage", params=query)
    assert answer.status_code == 422
    assert "time_zone" in {problem["field"] for problem in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("9999-12-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("step", ["hour", "day", "month"])
async def test_times_in_which_nothing_can_have_been_counted_are_empty(
    tenant: Tenant, since: str, until: str, step: str
) -> None:
    query = {"since": since, "until": until, "step": step, "time_zone": "Asia/Tokyo"}
    answer = await tenant.client.get("/v1/usage", params=query)
    assert answer.json()["data"] == []


async def test_groups_stand_in_one_parameter(house: House, tenant: Tenant) -> None:
    """Given one by one, the sums would be by the last alone: so they are refused."""
    key, _ = await _book(house, tenant, "weather")
    twice = {"group_by": ["key", "api"]}
    refused = await tenant.client.get("/v1/usage", params=twice)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == "group_by"
    assert "commas" in error["mend"]
    answer = await tenant.client.get("/v1/usage", params={"group_by": "key,api"})
    assert {row["key"] for row in answer.json()["data"]} == {key}


async def test_requests_and_last_use_are_told(house: House, tenant: Tenant) -> None:
    key, at = await _book(house, tenant, "weather")
    query = {"verdict": "rate_limited", "api": "weather", "key": key}
    (row,) = (await tenant.client.get("/v1/requests", params=query)).json()["data"]
    assert row["request_id"] == "req_weather2"
    assert (row["status"], row["latency_ms"], row["path"]) == (200, 1.5, "/a")
    page = (await tenant.client.get("/v1/requests", params={"limit": 2})).json()
    rest = {"cursor": page["next_cursor"]}
    last = (await tenant.client.get("/v1/requests", params=rest)).json()
    assert len(page["data"]) + len(last["data"]) == 3
    told = (await tenant.client.get(f"/v1/keys/{key}")).json()
    assert told["last_used_at"] == format_time(at)


async def test_a_change_of_a_key_tells_its_last_use_as_well(
    house: House, tenant: Tenant
) -> None:
    key, at = await _book(house, tenant, "weather")
    place, told = f"/v1/keys/{key}", format_time(at)
    changed = await tenant.client.patch(place, json={"name": "Renamed"})
    assert changed.json()["last_used_at"] == told
    for act in ("disable", "enable", "revoke"):
        answer = await tenant.client.post(f"{place}/{act}")
        assert answer.json()["last_used_at"] == told, act


async def test_networks_that_tried_unknown_keys_are_told(
    house: House, tenant: Tenant
) -> None:
    """The busiest first, and all others in one row for each verdict."""
    api = (await tenant.weather("weather"))["id"]
    now = house.office.clock.now_us()
    crowd = {f"10.0.{n}.0/24": Seen(1, now, now) for n in range(VALUES_A_DAY)}
    known = {"203.0.113.0/24": Seen(412, now - 9, now), OTHER: Seen(7, now, now)}
    _observe(house, tenant, api, {**known, **crowd})
    answer = (await tenant.client.get(UNKNOWN_KEYS, params={"api": "weather"})).json()
    first, second = answer["data"][:2]
    assert first == {
        "api": api,
        "network": "203.0.113.0/24",
        "verdict": "unknown",
        "requests": 412,
        "first_seen": format_time(now - 9),
        "last_seen": format_time(now),
    }
    assert (second["network"], second["requests"]) == ("other", 8)
    assert len(answer["data"]) == VALUES_A_DAY + 1
    total = sum(row["requests"] for row in answer["data"])
    assert total == 412 + 7 + VALUES_A_DAY
    before = {"since": "2020-01-01T00:00:00Z", "until": "2020-02-01T00:00:00Z"}
    assert (await tenant.client.get(UNKNOWN_KEYS, params=before)).json()["data"] == []


async def test_networks_of_several_days_are_one_and_the_report_stays_small(
    house: House, tenant: Tenant
) -> None:
    api = (await tenant.weather("weather"))["id"]
    now = house.office.clock.now_us()
    for ago in range(3):
        values = {f"10.{ago}.{n}.0/24": Seen(1, now, now) for n in range(60)}
        values["203.0.113.0/24"] = Seen(2, now - ago, now)
        _observe(house, tenant, api, values, ago)
    since = {"since": format_time(now - 2 * DAY_US)}
    rows = (await tenant.client.get(UNKNOWN_KEYS, params=since)).json()["data"]
    assert len(rows) == VALUES_A_DAY + 1
    told = {row["network"]: row["requests"] for row in rows}
    assert told["203.0.113.0/24"] == 6
    assert told["other"] == 3 * 60 - (VALUES_A_DAY - 1)


async def test_unknown_keys_of_others_are_not_to_be_seen(
    house: House, tenant: Tenant
) -> None:
    other = house.tenant("Theirs")
    theirs = (await other.weather("theirs"))["id"]
    ours = (await tenant.weather("ours"))["id"]
    far = (await tenant.weather("far"))["id"]
    now = house.office.clock.now_us()
    seen = {"203.0.113.0/24": Seen(1, now, now)}
    _observe(house, other, theirs, seen)
    assert (await tenant.client.get(UNKNOWN_KEYS)).json()["data"] == []
    _observe(house, tenant, ours, seen)
    _observe(house, tenant, far, seen)
    access = [{"api": "ours", "scopes": ["usage:read"]}]
    bound = await tenant.key(kind="management", access=access)
    client = house.client(bound["secret"])
    assert (await client.get(UNKNOWN_KEYS)).status_code == 422
    assert (await client.get(UNKNOWN_KEYS, params={"api": "far"})).status_code == 422
    rows = (await client.get(UNKNOWN_KEYS, params={"api": "ours"})).json()["data"]
    assert [row["api"] for row in rows] == [ours]


def _observe(
    house: House, tenant: Tenant, api: str, values: dict[str, Seen], days_ago: int = 0
) -> None:
    day = house.office.clock.now_us() // DAY_US - days_ago
    unknown = Verdict.UNKNOWN.number
    group = ObservationGroup(
        day, tenant.organization, "", api, "", unknown, Dimension.NETWORK
    )
    spool = f"spl_{api}_{days_ago}"
    house.database.sink.open_spool(spool, "nod_1", "boot")
    batch = UsageBatch(spool, 0, 64, observations={group: values})
    assert house.database.sink.book(batch)


def _alert(house: House, tenant: Tenant, key: str, kind: str, at: int) -> None:
    row = Alert(
        id=make_id("evt", at, key.encode()[-10:]),
        organization_id=tenant.organization,
        provider_id=tenant.organization,
        key_id=key,
        kind=AlertKind(kind),
        first_at=at,
        last_at=at + 5_000_000,
        count=2,
        sample="https://shop.example",
    )
    with house.database.rows.writing() as tx:
        tx.insert(row)


async def test_alerts_are_told_the_newest_first_by_key_and_kind(
    house: House, tenant: Tenant
) -> None:
    key, at = await _book(house, tenant, "weather")
    _alert(house, tenant, key, "server_key_in_browser", at)
    _alert(house, tenant, key, "secret_over_plain_http", at + 86_400_000_000)
    told = (await tenant.client.get("/v1/alerts")).json()["data"]
    kinds = [row["kind"] for row in told]
    assert kinds == ["secret_over_plain_http", "server_key_in_browser"]
    assert told[1] == {
        "id": told[1]["id"],
        "key": key,
        "kind": "server_key_in_browser",
        "first_at": format_time(at),
        "last_at": format_time(at + 5_000_000),
        "count": 2,
        "sample": "https://shop.example",
    }
    for query, count in (
        ({"kind": "server_key_in_browser"}, 1),
        ({"key": key}, 2),
        ({"key": "key_other"}, 0),
    ):
        page = await tenant.client.get("/v1/alerts", params=query)
        assert len(page.json()["data"]) == count
    wrong = await tenant.client.get("/v1/alerts", params={"kind": "nonsense"})
    assert wrong.json()["errors"][0]["field"] == "kind"
    others = house.tenant("Theirs").client
    assert (await others.get("/v1/alerts")).json()["data"] == []


def _came(house: House, key: str, networks: dict[str, int]) -> None:
    with house.database.rows.writing() as tx:
        for network, at in networks.items():
            id = f"{key}/{network}"
            row = KeyNetwork(
                id=id, key_id=key, network=network, first_at=at, last_at=at + 60_000_000
            )
            tx.insert(row)


async def test_where_a_key_is_used_from_is_told_to_its_own_the_last_seen_first(
    house: House, tenant: Tenant
) -> None:
    key, at = await _book(house, tenant, "near")
    far, _ = await _book(house, tenant, "far")
    _came(house, key, {"198.51.100.0/24": at, "2001:db8:1::/48": at + 1_000_000})
    path = f"/v1/keys/{key}/networks"
    told = (await tenant.client.get(path)).json()
    assert [row["network"] for row in told["data"]] == [
        "2001:db8:1::/48",
        "198.51.100.0/24",
    ]
    assert told["data"][1] == {
        "network": "198.51.100.0/24",
        "first_at": format_time(at),
        "last_at": format_time(at + 60_000_000),
    }
    assert told["next_cursor"] is None
    held = [{"api": "near", "scopes": ["usage:read"]}]
    near = house.client((await tenant.key(kind="management", access=held))["secret"])
    assert (await near.get(path)).json() == told
    for client, refused in (
        (near, f"/v1/keys/{far}/networks"),
        (house.tenant("Theirs").client, path),
    ):
        assert (await client.get(refused)).status_code == 404
    held = [{"api": "near", "scopes": ["keys:read"]}]
    reader = house.client((await tenant.key(kind="management", access=held))["secret"])
    assert (await reader.get(path)).status_code == 403


async def test_a_key_of_one_api_reads_the_alerts_of_keys_within_it(
    house: House, tenant: Tenant
) -> None:
    near, at = await _book(house, tenant, "near")
    far, _ = await _book(house, tenant, "far")
    for key in (near, far):
        _alert(house, tenant, key, "server_key_in_browser", at)
    held = [{"api": "near", "scopes": ["usage:read"]}]
    client = house.client((await tenant.key(kind="management", access=held))["secret"])
    assert (await client.get("/v1/alerts")).status_code == 422
    assert (await client.get("/v1/alerts", params={"key": far})).status_code == 422
    (row,) = (await client.get("/v1/alerts", params={"key": near})).json()["data"]
    assert row["key"] == near


async def test_a_project_s_manager_reads_nothing_of_a_management_key_for_more(
    house: House, tenant: Tenant
) -> None:
    """Though it lies in the project: lists of keys hide it as well."""
    near, at = await _book(house, tenant, "near")
    keys = (await tenant.client.get("/v1/keys")).json()["data"]
    (owners,) = [one["id"] for one in keys if one["kind"] == "management"]
    held = [{"project": tenant.project, "scopes": ["usage:read", "requests:read"]}]
    own = await tenant.key(kind="management", access=held)
    client = house.client(own["secret"])
    for key in (near, owners, own["id"]):
        _alert(house, tenant, key, "secret_over_plain_http", at)
    for path in ("alerts", "usage", "requests"):
        for key, status in ((near, 200), (own["id"], 200), (owners, 422)):
            answer = await client.get(f"/v1/{path}", params={"key": key})
            assert answer.status_code == status, (path, key)


async def test_counts_of_others_are_not_to_be_seen(house: House, tenant: Tenant) -> None:
    await _book(house, house.tenant("Theirs"), "theirs")
    for path in ("/v1/usage", "/v1/requests"):
        assert (await tenant.client.get(path)).json()["data"] == []


async def test_a_key_of_one_api_reads_that_apis_counts(
    house: House, tenant: Tenant
) -> None:
    """Without naming it, it would read the whole organization's."""
    await _book(house, tenant, "near")
    await _book(house, tenant, "far")
    scopes = ["usage:read", "requests:read"]
    bound = await tenant.key(kind="management", access=[{"api": "near", "scopes": scopes}])
    client = house.client(bound["secret"])
    for path in ("/v1/usage", "/v1/requests"):
        assert (await client.get(path)).status_code == 422
        assert (await client.get(path, params={"api": "far"})).status_code == 422
        rows = (await client.get(path, params={"api": "near"})).json()["data"]
        assert rows

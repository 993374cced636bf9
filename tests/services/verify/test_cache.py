"""What the data plane holds in memory, and what it lets go."""

import gc
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from keyhouse.core.addresses import Networks
from keyhouse.core.entities import Api, Environment, KeyKind, Resource, Restrictions
from keyhouse.core.records import (
    Found,
    OrganizationRecord,
    Part,
    PartRef,
    ProjectRecord,
    Snapshot,
)
from keyhouse.core.secret import Secret, mint
from keyhouse.core.verdict import Verdict
from keyhouse.services.verify import RecordCache
from keyhouse.services.verify.weight import weight_of
from tests.core.rows import line as line_of
from tests.doors.gateway.doubles import key_record
from tests.services.verify.world import SECRET, World, access, key

MANY = 120


def crowd(world: World, count: int) -> list[Secret]:
    """So many keys more, all of one application and for one API."""
    made = []
    for number in range(count):
        entropy = number.to_bytes(32, "big")
        secret = mint("kh", KeyKind.SERVER, Environment.TEST, entropy)
        id = f"key_{number:022}"
        world.store.add_key(key(id), secret, access(id, Resource.API, "api_1"))
        made.append(secret)
    world.confirm()
    return made


def verdict_of(world: World, secret: Secret = SECRET) -> Verdict:
    """A call's, when the budget for misses has room for it again."""
    world.clock.up_us += 100_000
    world.confirm()
    return world.decide(secret).verdict


def bounded(world: World, keys_max: int, bytes_max: int) -> World:
    """The same world with an empty cache of that size."""
    world.cache = RecordCache(keys_max, bytes_max)
    world.verifier = world._verifier()
    world.confirm()
    return world


def test_keys_that_are_read_leave_the_ways_of_others_as_they_are() -> None:
    """Else each cold key would have all hot ones put together anew."""
    world = World()
    assert world.decide().verdict is Verdict.VALID
    seen = world.cache.generation
    for secret in crowd(world, 3):
        assert world.decide(secret).verdict is Verdict.VALID
    assert world.cache.generation == seen


def test_what_a_read_knows_better_is_taken_in() -> None:
    """A read that is ahead of the feed: what was changed is seen with it."""
    world = World()
    assert world.decide().verdict is Verdict.VALID
    (secret,) = crowd(world, 1)
    world.store.change("api", "api_1", disabled_at=1)
    assert world.decide(secret).verdict is Verdict.API_NOT_ALLOWED
    assert world.decide().verdict is Verdict.API_NOT_ALLOWED


def test_a_key_for_two_apis_leads_to_both() -> None:
    world = World()
    first = world.store.rows[PartRef("api", "api_1")]
    assert isinstance(first, Api)
    world.store.put("api", replace(first, id="api_2", slug="maps"))
    opens = [access("key_1", Resource.API, id) for id in ("api_1", "api_2")]
    world.store.access["key_1"] = opens
    world.store.change("key", "key_1")
    world.confirm()
    for _ in range(2):
        for slug in ("weather", "maps", "weather"):
            assert world.decide(api=slug).verdict is Verdict.VALID
    assert (len(world.cache), world.cache.ways) == (1, 2)
    world.store.change("api", "api_2", disabled_at=1)
    world.confirm()
    assert world.decide(api="maps").verdict is Verdict.API_NOT_ALLOWED
    assert world.decide().verdict is Verdict.VALID


def test_memory_is_bounded_in_bytes_and_evicted_keys_still_work() -> None:
    """However much hangs on keys, a gateway must not outgrow its machine."""
    secrets = crowd(world := World(), MANY)
    bounded(world, 10 * MANY, 100_000)
    for secret in (*secrets, *secrets[:20], SECRET):
        assert verdict_of(world, secret) is Verdict.VALID
        assert world.cache.weight <= 100_000
    assert 20 < len(world.cache) < MANY


def test_memory_is_bounded_though_keys_grow() -> None:
    """They are loaded anew, and no secret is looked up."""
    secrets = crowd(world := World(), 40)
    bounded(world, 10 * MANY, 200_000)
    for secret in secrets:
        assert verdict_of(world, secret) is Verdict.VALID
    assert len(world.cache) == len(secrets)
    networks = tuple(f"{n}.0.0.0/8" for n in range(1, 200, 2))
    fenced = Restrictions(networks_allowed=networks)
    for number, secret in enumerate(secrets):
        world.store.change("key", f"key_{number:022}", restrictions=fenced)
        assert verdict_of(world, secret) is Verdict.IP_NOT_ALLOWED
        assert world.cache.weight <= 200_000
    assert 5 < len(world.cache) < len(secrets)


def test_one_key_that_is_larger_than_the_bound_is_served() -> None:
    secrets = crowd(world := World(), 3)
    bounded(world, 10, 1)
    for secret in secrets * 2:
        assert verdict_of(world, secret) is Verdict.VALID
        assert len(world.cache) == 1


def test_nothing_is_left_when_all_is_forgotten() -> None:
    """A sum that drifts would in the end evict all, or nothing."""
    world = World()
    for secret in crowd(world, 30):
        verdict_of(world, secret)
    for number in range(30):
        world.store.change("key", f"key_{number:022}", disabled_at=1)
        world.confirm()
    world.cache.start(world.store.seq)
    assert world.cache.weight == 0


def test_what_is_counted_is_what_it_takes() -> None:
    """The bound is in bytes of memory: it must not hold for half of them only."""
    secrets = crowd(world := World(), MANY)
    bounded(world, 10 * MANY, 1 << 30)
    for secret in secrets[: MANY // 2]:
        verdict_of(world, secret)
    gc.collect()
    tracemalloc.start()
    counted = world.cache.weight
    for secret in secrets[MANY // 2 :]:
        verdict_of(world, secret)
    gc.collect()
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counted = world.cache.weight - counted
    # What a door makes of a line is counted, and is not here.
    assert took <= counted <= 4 * took


@pytest.mark.parametrize(
    "hung_on",
    [
        {"project_id": "k" * 8000},
        {"networks": Networks([f"{n}.0.0.0/8" for n in range(1, 200, 2)])},
    ],
)
def test_what_hangs_on_a_key_is_weighed_with_it(hung_on: dict[str, Any]) -> None:
    """Else keys with many restrictions fill the memory that `cache.bytes_max` bounds."""
    assert weight_of(key_record("a", **hung_on)) > weight_of(key_record("a")) + 7000


def test_organizations_of_callers_push_no_key_out() -> None:
    """Each buyer brings one of its own: a million of them must leave room for keys."""
    bound, seen = 400_000, 2_000
    cache = RecordCache(1000, bound)
    cache.start(0)
    line = line_of()
    for number in range(seen):
        id = f"{number:022}"
        key = replace(
            line.key,
            id=f"key_{id}",
            application_id=f"app_{id}",
            project_id=f"prj_{id}",
            organization_id=f"org_{id}",
        )
        parts: dict[PartRef, Part | None] = {
            PartRef("key", key.id): key,
            PartRef("application", f"app_{id}"): replace(line.application, id=f"app_{id}"),
            PartRef("project", f"prj_{id}"): ProjectRecord(f"prj_{id}", f"org_{id}", False),
            PartRef("organization", f"org_{id}"): OrganizationRecord(f"org_{id}", False),
        }
        assert cache.install(Snapshot(0, parts))
        cache.keep_found(number.to_bytes(32, "big"), Found(key.id, line.secret.id))
        assert cache.weight <= bound
    assert len(cache) > 50
    assert cache.records < 5 * len(cache)

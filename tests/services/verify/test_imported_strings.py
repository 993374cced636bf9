"""Strings of other systems open what they opened there, and garbage stays free."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.entities import (
    AlertKind,
    Api,
    Application,
    ImportedStrings,
    Project,
    Resource,
)
from keyhouse.core.imported import Candidate, candidates
from keyhouse.core.pending import Pending
from keyhouse.core.records import PartRef
from keyhouse.core.secret import Secret, digest
from keyhouse.core.verdict import Verdict
from keyhouse.services.verify.cache import ABSENCE_US
from tests.services.verify.world import (
    PEPPER,
    SECRET,
    World,
    access,
    finish,
    key,
    result_of,
)

OLD = Secret("old.9f8e7d6c5b4a39281706f5e4d3c2b1a0")
HASHED = Secret("old.0a1b2c3d4e5f60718293a4b5c6d7e8f9")
STRANGE = Secret("old.ffffffffffffffffffffffffffffffff")
STRINGS = ImportedStrings(algorithms=("sha256",), length_min=30, length_max=40)
_TIMES: dict[str, Any] = {"created_at": 0, "updated_at": 0}


def raw(secret: Secret) -> bytes:
    return secret.reveal().encode()


def keyed(secret: Secret) -> Candidate:
    return candidates(raw(secret), (), [(PEPPER.id, PEPPER.key)])[0]


@pytest.fixture
def world() -> World:
    """The world, and in its project a key by its string and one by a plain hash."""
    made = World()
    made.store.change("project", "prj_1", imported=STRINGS)
    made.store.put("api", made.store.rows[PartRef("api", "api_1")])
    opens = access("key_o", Resource.API, "api_1", "forecast:read")
    made.store.add_imported(key("key_o"), keyed(OLD), opens)
    plain = Candidate("sha256", "", sha256(raw(HASHED)).digest())
    made.store.add_imported(
        key("key_h"), plain, access("key_h", Resource.API, "api_1", "forecast:read")
    )
    made.confirm()
    return made


def test_an_imported_string_opens_its_api(world: World) -> None:
    decision = world.decide(OLD)
    assert decision.verdict is Verdict.VALID
    assert decision.key is not None
    assert decision.key.id == "key_o"
    asked = world.store.asked
    assert world.decide(OLD).verdict is Verdict.VALID
    assert world.store.asked == asked
    assert world.rehashed == []


def test_a_string_known_by_a_plain_hash_is_told_to_be_kept_otherwise(world: World) -> None:
    for _ in range(3):
        assert world.decide(HASHED).verdict is Verdict.VALID
    assert world.rehashed == [("sec_key_h", digest(raw(HASHED), PEPPER.key))]


def test_a_lost_signal_is_told_again_at_the_next_load(world: World) -> None:
    world.decide(HASHED)
    world.cache.start(world.store.seq)
    world.decide(HASHED)
    assert len(world.rehashed) == 2


def test_it_goes_on_when_the_worker_has_kept_it_otherwise(world: World) -> None:
    assert world.decide(HASHED).verdict is Verdict.VALID
    plain = ("prj_1", "sha256", "", sha256(raw(HASHED)).digest())
    row = world.store.imported.pop(plain)
    kept = keyed(HASHED)
    world.store.imported["prj_1", *kept] = replace(
        row, algorithm=kept.algorithm, pepper_id=kept.pepper_id, digest=kept.digest
    )
    world.store.change("key", "key_h")
    world.confirm()
    assert world.decide(HASHED).verdict is Verdict.VALID
    world.cache.start(world.store.seq)
    assert world.decide(HASHED).verdict is Verdict.VALID
    assert len(world.rehashed) == 1


def test_an_unknown_string_is_looked_up_once_and_remembered_as_absent(world: World) -> None:
    assert world.decide(STRANGE).verdict is Verdict.UNKNOWN
    asked = world.store.asked
    assert world.decide(STRANGE).verdict is Verdict.UNKNOWN
    assert world.store.asked == asked
    world.clock.up_us += ABSENCE_US
    world.confirm()
    world.decide(STRANGE)
    assert world.store.asked > asked + 1


@pytest.mark.parametrize("length", [1, 29, 41, 128])
def test_a_string_of_another_length_costs_nothing(world: World, length: int) -> None:
    finish(world.verifier.api("weather"))
    asked = world.store.asked
    assert world.decide(Secret("x" * length)).verdict is Verdict.MALFORMED
    assert world.store.asked == asked


def test_where_nothing_was_imported_strange_strings_cost_nothing() -> None:
    world = World()
    finish(world.verifier.api("weather"))
    asked = world.store.asked
    assert world.decide(OLD).verdict is Verdict.MALFORMED
    assert world.store.asked == asked


def test_strings_of_our_own_form_are_looked_up_as_ours_alone(world: World) -> None:
    """Nobody takes up a minted key's string by importing it."""
    opens = access("key_x", Resource.API, "api_1", "forecast:read")
    world.store.add_imported(key("key_x"), keyed(SECRET), opens)
    world.confirm()
    decision = world.decide(SECRET)
    assert decision.key is not None
    assert decision.key.id == "key_1"


def test_the_project_of_the_api_that_is_called_is_asked_and_no_other(world: World) -> None:
    """Two tenants may hold the same string, and neither learns of the other."""
    own = {"organization_id": "org_1", "project_id": "prj_2", **_TIMES}
    world.store.put(
        "project",
        Project(id="prj_2", organization_id="org_1", name="q", imported=STRINGS, **_TIMES),
    )
    world.store.put("application", Application(id="app_2", name="other", **own))
    world.store.put("api", Api(id="api_2", slug="maps", name="m", **own))
    world.confirm()
    assert world.decide(OLD, api="maps").verdict is Verdict.UNKNOWN
    assert world.decide(OLD, api="weather").verdict is Verdict.VALID
    theirs = replace(key("key_2"), project_id="prj_2", application_id="app_2")
    world.store.add_imported(theirs, keyed(OLD), access("key_2", Resource.API, "api_2"))
    world.confirm()
    for slug, id in (("maps", "key_2"), ("weather", "key_o"), ("maps", "key_2")):
        decision = world.decide(OLD, api=slug)
        assert decision.key is not None
        assert (decision.verdict, decision.key.id) == (Verdict.VALID, id)


def test_an_import_that_is_done_is_heard_of_at_once(world: World) -> None:
    """Its keys were just said not to exist, and their strings not to be looked up."""
    fresh = World()
    assert fresh.decide(OLD).verdict is Verdict.MALFORMED
    opens = access("key_o", Resource.API, "api_1", "forecast:read")
    fresh.store.add_imported(key("key_o"), keyed(OLD), opens)
    fresh.store.change("project", "prj_1", imported=STRINGS)
    fresh.store.put("api", fresh.store.rows[PartRef("api", "api_1")])
    fresh.confirm()
    assert fresh.decide(OLD).verdict is Verdict.VALID

    assert world.decide(STRANGE).verdict is Verdict.UNKNOWN
    opens = access("key_s", Resource.API, "api_1")
    world.store.add_imported(key("key_s"), keyed(STRANGE), opens)
    world.confirm()
    assert world.decide(STRANGE).verdict is Verdict.VALID


def test_an_absence_that_was_read_before_the_import_was_done_is_not_kept(
    world: World,
) -> None:
    finish(world.verifier.api("weather"))
    asked = world.verifier.verify(world.ask(STRANGE))
    assert isinstance(asked, Pending)
    read_before = result_of(asked)
    opens = access("key_s", Resource.API, "api_1")
    world.store.add_imported(key("key_s"), keyed(STRANGE), opens)
    world.confirm()
    assert finish(asked.resume(read_before)).verdict is Verdict.VALID


def test_who_guesses_is_slowed(world: World) -> None:
    finish(world.verifier.api("weather"))
    guesser = parse_address("203.0.113.9")
    verdicts = [
        world.decide(Secret(f"old.{number:032}"), address=guesser).verdict
        for number in range(40)
    ]
    assert verdicts[0] is Verdict.UNKNOWN
    assert verdicts[-1] is Verdict.UNAVAILABLE
    other = parse_address("198.51.100.9")
    assert world.decide(OLD, address=other).verdict is Verdict.VALID


def test_an_api_that_is_not_there_tells_nothing(world: World) -> None:
    assert world.decide(OLD, api="nowhere").verdict is Verdict.MALFORMED


def test_a_management_key_is_never_an_imported_string(world: World) -> None:
    found = finish(world.verifier.management(raw(OLD), parse_address("192.0.2.1")))
    assert found is Verdict.MALFORMED


def test_an_imported_string_over_plain_http_is_flagged(world: World) -> None:
    finish(world.verifier.exposed(world.ask(OLD)))
    (alert,) = world.alarms.take()
    assert (alert.kind, alert.key_id) == (AlertKind.SECRET_OVER_PLAIN_HTTP, "key_o")


def test_what_is_held_is_bounded_for_imported_strings_too() -> None:
    world = World(keys_max=3)
    world.store.change("project", "prj_1", imported=STRINGS)
    world.store.put("api", world.store.rows[PartRef("api", "api_1")])
    many = [Secret(f"old.{number:032}") for number in range(10)]
    for number, secret in enumerate(many):
        id = f"key_{number}x"
        world.store.add_imported(key(id), keyed(secret), access(id, Resource.API, "api_1"))
    world.confirm()
    for secret in many:
        assert world.decide(secret).verdict is Verdict.VALID
    assert len(world.cache) == 3
    assert world.cache.ways <= 3


def _purge(world: World) -> None:
    """As upkeep does, long after a key was deleted."""
    world.store.remove("key", "key_o")
    del world.store.imported["prj_1", *keyed(OLD)]
    world.confirm()


def test_a_string_that_is_imported_again_opens_what_it_opens_now(world: World) -> None:
    """Also where a process has known whose it was before."""
    assert world.decide(OLD).verdict is Verdict.VALID
    _purge(world)
    assert world.decide(OLD).verdict is Verdict.UNKNOWN
    opens = access("key_n", Resource.API, "api_1", "forecast:read")
    world.store.add_imported(key("key_n"), keyed(OLD), opens)
    world.store.change("api", "api_1")
    world.confirm()
    decision = world.decide(OLD)
    assert decision.verdict is Verdict.VALID
    assert decision.key is not None
    assert decision.key.id == "key_n"


def test_a_key_that_is_gone_is_looked_for_no_more_often_than_garbage(world: World) -> None:
    assert world.decide(OLD).verdict is Verdict.VALID
    _purge(world)
    before = world.store.asked
    for _ in range(20):
        assert world.decide(OLD).verdict is Verdict.UNKNOWN
    # That the key is gone, and then that the string leads nowhere else.
    assert world.store.asked <= before + 2

"""The verifier: what a key opens, kept true while records change under it."""

from dataclasses import replace

import pytest

from keyhouse.core.addresses import parse_address
from keyhouse.core.decision import Decision
from keyhouse.core.entities import (
    AlertKind,
    BrowserKeys,
    Environment,
    KeyKind,
    Limit,
    LimitKind,
    Window,
)
from keyhouse.core.pending import Pending
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.records import PartRef
from keyhouse.core.secret import Secret, mint
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Changes
from keyhouse.services.verify import ManagementKey
from keyhouse.services.verify.cache import CALLERS_A_KEY
from keyhouse.services.verify.hosts import HOSTS_MAX, HostIndex
from tests.services.verify.world import (
    MANAGING,
    SECRET,
    UNKNOWN,
    World,
    finish,
    key,
    limit,
    result_of,
)

API = PartRef("api", "api_1")
QUOTA = Limit(name="daily", kind=LimitKind.QUOTA, amount=3, window=Window.DAY)
DAY_US = 86_400_000_000


def test_a_valid_key_passes_and_names_its_application() -> None:
    decision = World().decide()
    assert decision.verdict is Verdict.VALID
    assert decision.application is not None
    assert decision.application.name == "caller"
    assert decision.scopes == {"forecast:read"}


def test_a_cached_key_asks_the_database_nothing() -> None:
    world = World()
    world.decide()
    asked = world.store.asked
    assert isinstance(world.verifier.verify(world.ask()), Decision)
    assert world.store.asked == asked


def test_garbage_costs_no_read() -> None:
    """A string without our checksum is told without the database."""
    world = World()
    finish(world.verifier.api("weather"))
    asked = world.store.asked
    garbage = Secret(SECRET.reveal()[:-1] + "!")
    assert world.decide(garbage).verdict is Verdict.MALFORMED
    assert world.store.asked == asked


def test_an_unknown_key_is_looked_up_once_and_then_remembered_as_absent() -> None:
    world = World()
    assert world.decide(UNKNOWN).verdict is Verdict.UNKNOWN
    asked = world.store.asked
    assert world.decide(UNKNOWN).verdict is Verdict.UNKNOWN
    assert world.store.asked == asked


def test_however_many_ask_at_once_for_the_same_one_look_up_serves_them() -> None:
    """A gateway that has just started refuses none of a crowd with one good key."""
    world = World()
    crowd = range(500)
    asked = [world.verifier.api("weather") for _ in crowd]
    first = asked[0]
    assert isinstance(first, Pending)
    found = first.work()
    assert all(isinstance(one, Pending) and one.resume(found) for one in asked)
    waiting = [world.verifier.verify(world.ask()) for _ in crowd]
    while isinstance(waiting[0], Pending):
        needs = {one.need for one in waiting if isinstance(one, Pending)}
        assert len(needs) == 1
        found = result_of(waiting[0])
        waiting = [one.resume(found) for one in waiting if isinstance(one, Pending)]
        assert len(waiting) == len(crowd)
    assert all(isinstance(one, Decision) and one.allowed for one in waiting)


def test_a_look_up_that_many_shared_is_over_for_the_budget_when_it_has_ended() -> None:
    world = World()
    for number in range(300):
        pendings = [world.verifier.api(f"none-{number % 100}") for _ in range(3)]
        if isinstance(pendings[0], Pending):
            found = pendings[0].work()
            for one in pendings:
                assert isinstance(one, Pending)
                one.resume(found)
        world.clock.up_us += 1_000_000
        world.confirm()
    assert isinstance(world.verifier.verify(world.ask()), Pending)


def test_a_key_made_after_it_was_unknown_works_at_once() -> None:
    world = World()
    world.decide(UNKNOWN)
    world.store.add_key(key("key_2"), UNKNOWN, *world.store.access["key_1"])
    world.confirm()
    assert world.decide(UNKNOWN).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("key", "key_1"),
        ("application", "app_1"),
        ("project", "prj_1"),
        ("organization", "org_1"),
    ],
)
def test_switching_off_anything_on_the_way_refuses_the_next_call(
    kind: str, row: str
) -> None:
    world = World()
    world.decide()
    world.store.change(kind, row, disabled_at=1)
    world.confirm()
    assert world.decide().verdict is Verdict.DISABLED
    world.store.change(kind, row, disabled_at=None)
    world.confirm()
    assert world.decide().verdict is Verdict.VALID


def test_a_request_that_is_asked_again_is_judged_by_what_holds_then() -> None:
    """It remembers its way; a change anywhere on that way is seen all the same."""
    world = World()
    request = world.ask()
    for kind, row in (("key", "key_1"), ("application", "app_1"), ("api", "api_1")):
        assert finish(world.verifier.verify(request)).verdict is Verdict.VALID
        assert isinstance(world.verifier.verify(request), Decision)
        world.store.change(kind, row, disabled_at=1)
        world.confirm()
        assert not finish(world.verifier.verify(request)).allowed
        world.store.change(kind, row, disabled_at=None)
        world.confirm()
    assert finish(world.verifier.verify(request)).verdict is Verdict.VALID
    world.store.change("key", "key_1", revoked_at=1)
    world.confirm()
    assert finish(world.verifier.verify(request)).verdict is Verdict.REVOKED


def test_a_switched_off_api_is_not_open() -> None:
    world = World()
    world.decide()
    world.store.change("api", "api_1", disabled_at=1)
    world.confirm()
    assert world.decide().verdict is Verdict.API_NOT_ALLOWED


def test_a_role_that_is_narrowed_is_narrow_with_the_next_call() -> None:
    """And a read that began before the change brings nothing back."""
    world = World()
    world.store.change("api", "api_1", roles={"reader": ("alerts:read",)})
    [row] = world.store.access["key_1"]
    world.store.access["key_1"] = [replace(row, roles=("reader",))]
    world.store.change("key", "key_1")
    world.confirm()
    assert world.decide().scopes == {"forecast:read", "alerts:read"}
    world.store.change("key", "key_1")
    world.confirm()
    pending = world.verifier.verify(world.ask())
    assert isinstance(pending, Pending)
    old = pending.work()
    world.store.change("api", "api_1", roles={})
    world.confirm()
    decision = finish(pending.resume(old))
    assert (decision.code, decision.scopes) == ("valid", {"forecast:read"})


def test_a_slow_read_cannot_bring_back_a_revoked_key() -> None:
    """The fence: a load that began before the revocation is not taken in."""
    world = World()
    pending = world.verifier.verify(world.ask())
    assert isinstance(pending, Pending)
    old = pending.work()
    world.store.change("key", "key_1", revoked_at=1)
    world.confirm()
    assert finish(pending.resume(old)).verdict is Verdict.REVOKED


def test_a_slow_absence_cannot_hide_a_new_key() -> None:
    world = World()
    pending = world.verifier.verify(world.ask(UNKNOWN))
    assert isinstance(pending, Pending)
    old = pending.work()
    world.store.add_key(key("key_2"), UNKNOWN, *world.store.access["key_1"])
    world.confirm()
    assert finish(pending.resume(old)).verdict is Verdict.VALID


def test_a_restored_backup_is_followed_from_where_it_stands() -> None:
    """The log's head lies before what was applied: nothing cached is trusted."""
    world = World()
    world.decide()
    world.store.change("key", "key_1", revoked_at=1)
    world.verifier.apply(Changes(3, forget_all=True), world.clock.monotonic_us())
    assert world.verifier.applied == 3
    assert world.decide().verdict is Verdict.REVOKED


def test_a_process_that_slept_reads_the_log_before_it_answers() -> None:
    """SIGSTOP, a revocation, SIGCONT: the first answer already refuses."""
    world = World()
    world.decide()
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert world.decide().verdict is Verdict.REVOKED


def test_without_the_database_cached_keys_go_on_and_then_fail_closed() -> None:
    world = World()
    world.decide()
    world.store.gone = True
    world.clock.up_us += 10_000_000
    assert world.decide().verdict is Verdict.VALID
    assert world.decide(UNKNOWN).verdict is Verdict.UNAVAILABLE
    world.clock.up_us += 60_000_000
    assert world.decide().verdict is Verdict.UNAVAILABLE
    world.store.gone = False
    world.clock.up_us += 1_000_000
    assert world.decide().verdict is Verdict.VALID


def test_a_question_that_failed_late_does_not_lengthen_the_time_without_a_database() -> (
    None
):
    """Else a database that hangs for an hour and then dies opens a revoked key."""
    world = World()
    world.decide()
    world.store.gone = True
    world.clock.up_us += 1_000_000
    pending = world.verifier.verify(world.ask())
    assert isinstance(pending, Pending)
    lost = result_of(pending)
    world.clock.up_us += 60_000_000
    assert finish(pending.resume(lost)).verdict is Verdict.UNAVAILABLE


def test_what_waited_while_the_process_slept_hears_of_a_revocation() -> None:
    """SIGSTOP while a first call waits for its lease, a revocation, SIGCONT."""
    world = World(limits=(QUOTA,))
    pending: object = world.verifier.verify(world.ask())
    while isinstance(pending, Pending) and "lease" not in str(pending.need):
        pending = pending.resume(result_of(pending))
    assert isinstance(pending, Pending)
    granted = pending.work()
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert finish(pending.resume(granted)).verdict is Verdict.REVOKED


def test_who_slept_while_it_read_the_log_reads_it_again() -> None:
    """SIGSTOP in the middle of catching up, a revocation, SIGCONT."""
    world = World()
    world.decide()
    world.clock.up_us += 300_000
    pending = world.verifier.verify(world.ask())
    assert isinstance(pending, Pending)
    read = pending.work()
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert finish(pending.resume(read)).verdict is Verdict.REVOKED


def test_a_manager_who_slept_while_it_read_the_log_reads_it_again() -> None:
    world = World()
    assert isinstance(finish(world.verifier.management(_raw(MANAGING), 1)), ManagementKey)
    world.clock.up_us += 300_000
    pending = world.verifier.management(_raw(MANAGING), 1)
    assert isinstance(pending, Pending)
    read = pending.work()
    world.store.change("key", "key_m", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert finish(pending.resume(read)) is Verdict.REVOKED


def test_a_read_that_failed_while_the_process_slept_does_not_tell_of_an_outage() -> None:
    """PostgreSQL ends a transaction whose process was stopped; the next read goes well."""
    world = World()
    world.decide()
    world.clock.up_us += 300_000
    pending = world.verifier.verify(world.ask())
    assert isinstance(pending, Pending)
    world.store.gone = True
    lost = result_of(pending)
    world.store.gone = False
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 30_000_000
    assert finish(pending.resume(lost)).verdict is Verdict.REVOKED


@pytest.mark.parametrize(
    ("each_us", "verdict"),
    [(1_000_000, Verdict.VALID), (2_500_000, Verdict.UNAVAILABLE)],
)
def test_a_log_that_is_always_read_slowly_is_not_read_for_ever(
    each_us: int, verdict: Verdict
) -> None:
    """A slow database is good enough; nothing older than a hanging one's 2 s is."""
    world = World()
    world.decide()
    world.clock.up_us += 300_000
    asked = world.store.asked
    outcome: object = world.verifier.verify(world.ask())
    while isinstance(outcome, Pending):
        read = result_of(outcome)
        world.clock.up_us += each_us
        outcome = outcome.resume(read)
    assert isinstance(outcome, Decision)
    assert outcome.verdict is verdict
    assert world.store.asked == asked + 2


def test_while_the_database_is_gone_nothing_waits_for_it() -> None:
    """One question a moment finds out; all others are answered at once."""
    world = World(limits=(replace(QUOTA, amount=16),))
    world.decide()
    world.store.gone = True
    world.clock.up_us += 1_000_000
    assert world.decide().verdict is Verdict.VALID  # an eighth is leased at once
    for secret in (UNKNOWN, SECRET):
        outcome = world.verifier.verify(world.ask(secret))
        assert isinstance(outcome, Decision)
        assert outcome.verdict is Verdict.UNAVAILABLE
    assert world.verifier.api("nothing") is Verdict.UNAVAILABLE
    assert world.misses.flying == 0


def test_a_flood_of_unknown_keys_is_bounded_and_cached_keys_go_on() -> None:
    world = World()
    world.decide()
    flying = []
    verdicts = []
    for n in range(40):
        guess = mint("kh", KeyKind.SERVER, Environment.TEST, bytes([n]) * 32)
        outcome = world.verifier.verify(world.ask(guess))
        if isinstance(outcome, Pending):
            flying.append(outcome)
        else:
            verdicts.append(outcome.verdict)
    assert len(flying) == 4
    assert set(verdicts) == {Verdict.UNAVAILABLE}
    assert world.decide().verdict is Verdict.VALID
    for pending in flying:
        assert finish(pending.resume(result_of(pending))).verdict is Verdict.UNKNOWN
    assert world.misses.flying == 0


def test_a_network_that_guesses_is_slowed_without_a_read() -> None:
    """Cached keys go on, from there too, and other networks are looked up as ever."""
    world = World()
    guesser, neighbour, other = map(
        parse_address, ("203.0.113.7", "203.0.113.8", "203.0.114.7")
    )
    world.decide(address=neighbour)
    guesses = iter(range(256))

    def guess(address: int = guesser) -> Decision:
        secret = mint("kh", KeyKind.SERVER, Environment.TEST, bytes([next(guesses)]) * 32)
        world.clock.up_us += 1_000
        return world.decide(secret, address=address)

    told = [guess().verdict for _ in range(30)]
    assert told[:20] == [Verdict.UNKNOWN] * 20
    assert Verdict.UNAVAILABLE in told
    asked = world.store.asked
    slowed = guess(neighbour)
    assert slowed.verdict is Verdict.UNAVAILABLE
    assert slowed.retry_us is not None
    assert world.store.asked == asked
    assert world.decide(address=neighbour).verdict is Verdict.VALID
    assert world.decide(address=guesser).verdict is Verdict.VALID
    assert guess(other).verdict is Verdict.UNKNOWN
    world.clock.up_us += slowed.retry_us
    world.confirm()
    assert guess().verdict is Verdict.UNKNOWN


def test_guessing_slugs_is_slowed_as_well() -> None:
    world = World()
    told = {finish(world.verifier.api(f"guess-{n}", 1)) for n in range(30)}
    assert told == {None, Verdict.UNAVAILABLE}
    assert finish(world.verifier.api("weather", 1 << 90)) is not None


def test_callers_without_an_address_slow_none_of_another_api() -> None:
    world = World()
    for n in range(30):
        secret = mint("kh", KeyKind.SERVER, Environment.TEST, bytes([n]) * 32)
        last = world.decide(secret, "other")
    assert last.verdict is Verdict.UNAVAILABLE
    assert world.decide(UNKNOWN, "other").verdict is Verdict.UNAVAILABLE
    assert world.decide(UNKNOWN).verdict is Verdict.UNKNOWN


def test_a_quota_is_spent_to_the_last_unit_and_not_beyond() -> None:
    world = World(limits=(QUOTA,))
    verdicts = [world.decide().verdict for _ in range(5)]
    assert verdicts == [Verdict.VALID] * 3 + [Verdict.QUOTA_EXCEEDED] * 2


def test_leases_that_cannot_be_had_are_told_once_until_one_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each request that waits for a database that is away comes there."""
    world = World(limits=(QUOTA,))
    told = []
    for _ in range(2):
        world.ledger.gone = True
        verdicts = {world.decide().verdict for _ in range(3)}
        assert verdicts == {Verdict.UNAVAILABLE}
        told.append(caplog.text.count("a lease cannot be had"))
        world.ledger.gone = False
        assert world.decide().verdict is Verdict.VALID
        world.clock.wall_us += DAY_US
    assert told == [1, 2]


def test_a_call_that_a_rate_refuses_costs_no_quota() -> None:
    world = World(limits=(QUOTA, limit("slow", 1)))
    assert world.decide().verdict is Verdict.VALID
    refused = world.decide()
    assert refused.verdict is Verdict.RATE_LIMITED
    assert refused.retry_us == 60_000_000
    world.clock.wall_us += 60_000_000
    assert world.decide().limits[1].remaining == 1


def test_released_units_can_be_spent_again() -> None:
    world = World(limits=(QUOTA,))
    for _ in range(10):
        decision = world.decide()
        assert decision.allowed
        world.verifier.release(decision)


def test_to_look_again_is_to_ask_of_the_key_alone() -> None:
    """Or each open WebSocket would hold on to what others could spend, and a counter

    or a database that is away would end those of good keys.
    """
    world = World(limits=(QUOTA, limit("slow", 1)))
    decided = world.decide()
    asked = world.ask()
    leased = dict(world.ledger.leased)
    world.ledger.gone = True
    world.clock.wall_us += DAY_US
    for _ in range(3):
        told = finish(world.verifier.look_again(asked))
        assert (told.verdict, told.units, told.lease_ids) == (Verdict.VALID, 0, ())
    assert world.ledger.leased == leased
    world.clock.wall_us -= DAY_US
    world.verifier.release(decided)
    assert world.decide().verdict is Verdict.RATE_LIMITED


def test_to_look_again_hears_of_a_revocation() -> None:
    world = World(limits=(QUOTA,))
    asked = world.ask()
    assert finish(world.verifier.verify(asked)).allowed
    world.store.change("key", "key_1", revoked_at=1)
    world.clock.up_us += 1_000_000
    assert finish(world.verifier.look_again(asked)).verdict is Verdict.REVOKED


def test_to_look_again_is_no_use_in_a_browser() -> None:
    """Else a socket that is open for an hour is told as thousands of uses."""
    world = World()
    world.store.change("api", "api_1", browser_keys=BrowserKeys.FLAG)
    world.confirm()
    asked = world.ask()
    asked.browser = True
    assert finish(world.verifier.look_again(asked)).allowed
    assert not world.alarms.take()


def test_unknown_apis_are_refused_like_foreign_ones() -> None:
    world = World()
    assert world.decide(api="nothing").verdict is Verdict.API_NOT_ALLOWED


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "Weather", "robots.txt", "é", "a" * 99])
def test_what_can_name_no_api_is_not_looked_for(name: str) -> None:
    """A database may choke on it, and an outage would be told for a wrong name."""
    world = World()
    world.decide()
    asked = world.store.asked
    assert world.verifier.api(name) is None
    assert world.decide(api=name).verdict is Verdict.API_NOT_ALLOWED
    assert world.store.asked == asked


def test_the_cache_is_bounded_and_evicted_keys_still_work() -> None:
    world = World(keys_max=1)
    assert world.decide().verdict is Verdict.VALID
    assert isinstance(finish(world.verifier.management(_raw(MANAGING), 1)), ManagementKey)
    assert len(world.cache) == 1
    assert world.decide().verdict is Verdict.VALID


def test_a_caller_is_told_by_its_customer_s_name_once_it_is_linked() -> None:
    world = World()
    world.store.change("application", "app_1", external_id="app 1")
    world.confirm()
    assert world.decide().customer == "app 1"
    world.link("cus_1")
    world.confirm()
    assert world.decide().customer == "crm cus_1"
    world.link("cus_2")
    world.confirm()
    assert world.decide().customer == "crm cus_2"


def test_a_customer_that_is_switched_off_is_refused_until_it_is_on_again() -> None:
    world = World()
    world.link("cus_1")
    world.confirm()
    assert world.decide().verdict is Verdict.VALID
    world.store.change("customer", "cus_1", disabled_at=1)
    world.confirm()
    assert world.decide().verdict is Verdict.DISABLED
    world.store.change("customer", "cus_1", disabled_at=None)
    world.confirm()
    assert world.decide().verdict is Verdict.VALID


def test_a_customer_s_changed_limits_hold_at_once() -> None:
    world = World()
    world.link("cus_1", limits=(limit("minute", 1),))
    world.confirm()
    assert world.decide().verdict is Verdict.VALID
    assert world.decide().verdict is Verdict.RATE_LIMITED
    world.store.change("customer", "cus_1", limits=())
    world.confirm()
    assert world.decide().verdict is Verdict.VALID


def test_an_organization_s_changed_limits_hold_at_once() -> None:
    world = World()
    assert world.decide().verdict is Verdict.VALID
    world.store.change("organization", "org_1", limits=(limit("minute", 1),))
    world.confirm()
    assert world.decide().verdict is Verdict.VALID
    assert world.decide().verdict is Verdict.RATE_LIMITED


def test_credits_run_out_and_a_purchase_helps_at_once() -> None:
    world = World(environment=Environment.LIVE)
    world.link("cus_1", prepaid_at=1, credits=2)
    world.confirm()
    assert [world.decide().code for _ in range(3)] == [
        "valid",
        "valid",
        "credits_exhausted",
    ]
    refused = world.decide()
    assert (refused.retry_us, refused.lease_ids) == (None, ())
    world.store.change("customer", "cus_1", credits=3)
    world.confirm()
    assert [world.decide().code for _ in range(2)] == ["valid", "credits_exhausted"]
    world.store.change("customer", "cus_1", prepaid_at=None)
    world.confirm()
    assert world.decide().code == "valid"


def test_a_customer_that_fell_out_of_the_cache_is_still_heard_of() -> None:
    """What the cache no longer holds it could not drop: a way made of it would

    stay, and a customer that is switched off would go on.
    """
    world = World(keys_max=1)
    world.link("cus_1")
    world.confirm()
    assert world.decide().verdict is Verdict.VALID
    for number in range(2, 3 + CALLERS_A_KEY):
        world.store.rows[PartRef("application", f"app_{number}")] = replace(
            world.store.rows[PartRef("application", "app_1")], id=f"app_{number}"
        )
        ref = PartRef("application", f"app_{number}")
        assert world.cache.install(world.store.load([ref]))
    assert world.cache.part(PartRef("customer", "cus_1")) is None
    world.store.change("customer", "cus_1", disabled_at=1)
    world.confirm()
    assert world.decide().verdict is Verdict.DISABLED


def test_management_keys_manage_and_open_no_api() -> None:
    world = World()
    held = finish(world.verifier.management(_raw(MANAGING), 1))
    assert isinstance(held, ManagementKey)
    assert held.may("keys:write", api_id="api_1")
    assert not held.may("apis:write")
    assert world.decide(MANAGING).verdict is Verdict.API_NOT_ALLOWED


def test_a_management_key_that_was_just_used_ends_when_it_is_revoked() -> None:
    """It is remembered between calls, and forgotten with the first change."""
    world = World()

    def manages() -> object:
        return finish(world.verifier.management(_raw(MANAGING), 1))

    assert isinstance(manages(), ManagementKey)
    asked = world.store.asked
    assert isinstance(manages(), ManagementKey)
    assert world.store.asked == asked
    world.store.change("key", "key_m", revoked_at=1)
    world.confirm()
    for _ in range(2):
        assert manages() is Verdict.REVOKED


def test_a_management_key_that_was_read_while_the_process_slept_is_looked_at_again() -> (
    None
):
    """SIGSTOP while its rows are on their way, a revocation, SIGCONT."""
    world = World()
    world.decide()
    pending = world.verifier.management(_raw(MANAGING), 1)
    assert isinstance(pending, Pending)
    found = pending.work()
    world.store.change("key", "key_m", revoked_at=1)
    world.clock.up_us += 3_600_000_000
    assert finish(pending.resume(found)) is Verdict.REVOKED


def test_a_server_key_manages_nothing() -> None:
    world = World()
    outcome = finish(world.verifier.management(_raw(SECRET), 1))
    assert outcome is Verdict.API_NOT_ALLOWED


def test_an_id_beside_a_secret_must_be_that_of_its_key() -> None:
    """Whichever is wrong, the answer is that of a secret which no key has."""
    world = World()
    for key_id, verdict in (("key_1", Verdict.VALID), ("key_m", Verdict.UNKNOWN)):
        asks = world.ask()
        asks.key_id = key_id
        decision = finish(world.verifier.verify(asks))
        assert decision.verdict is verdict
        assert (decision.key is None) is (verdict is Verdict.UNKNOWN)
    manages = finish(world.verifier.management(_raw(MANAGING), 1, "key_m"))
    assert isinstance(manages, ManagementKey)
    foreign = finish(world.verifier.management(_raw(MANAGING), 1, "key_1"))
    assert foreign is Verdict.UNKNOWN


def _asked_by_browser(world: World, **more: str) -> Decision:
    asks = world.ask()
    asks.browser, asks.origin = True, more.get("origin", "")
    asks.address = parse_address("203.0.113.7")
    decision: Decision = finish(world.verifier.verify(asks))
    return decision


@pytest.mark.parametrize("policy", BrowserKeys)
def test_a_server_key_in_a_browser_is_always_an_event(policy: BrowserKeys) -> None:
    world = World()
    world.store.change("api", "api_1", browser_keys=policy)
    world.confirm()
    refused = policy is BrowserKeys.REFUSE
    expected = Verdict.BROWSER_NOT_ALLOWED if refused else Verdict.VALID
    assert _asked_by_browser(world).verdict is expected
    assert _asked_by_browser(world, origin="https://a.example").verdict is expected
    (alert,) = world.alarms.take()
    assert (alert.key_id, alert.kind) == ("key_1", AlertKind.SERVER_KEY_IN_BROWSER)
    assert (alert.organization_id, alert.provider_id) == ("org_1", "org_1")
    assert (alert.count, alert.sample) == (2, "https://a.example")


def test_no_event_without_a_browser_or_without_a_good_key() -> None:
    world = World()
    world.decide()
    world.store.change("key", "key_1", revoked_at=1)
    world.confirm()
    assert _asked_by_browser(world).verdict is Verdict.REVOKED
    public = World(kind=KeyKind.PUBLISHABLE)
    _asked_by_browser(public)
    assert world.alarms.take() == public.alarms.take() == []


def test_a_good_secret_over_plain_http_is_flagged_and_a_bad_one_is_not() -> None:
    world = World()
    world.decide()
    asks = world.ask()
    asks.address = parse_address("203.0.113.7")
    finish(world.verifier.exposed(asks))
    (alert,) = world.alarms.take()
    assert (alert.key_id, alert.kind) == ("key_1", AlertKind.SECRET_OVER_PLAIN_HTTP)
    assert (alert.provider_id, alert.sample) == ("org_1", "203.0.113.0/24")
    asks.key_id = "key_m"
    finish(world.verifier.exposed(asks))
    finish(world.verifier.exposed(world.ask(UNKNOWN)))
    finish(world.verifier.exposed(world.ask(None)))
    world.store.change("key", "key_1", ends_at=1)
    world.confirm()
    finish(world.verifier.exposed(world.ask()))
    assert world.alarms.take() == []


def test_flagging_spends_nothing_and_outlives_the_loss_of_the_database() -> None:
    world = World(limits=(QUOTA,))
    finish(world.verifier.exposed(world.ask()))
    assert world.ledger.leased == {}
    world.alarms.take()
    world.store.gone = True
    finish(world.verifier.exposed(world.ask(UNKNOWN)))
    assert world.alarms.take() == []


def test_no_credential_is_told_as_missing() -> None:
    assert World().decide(None).verdict is Verdict.MISSING


def _raw(secret: Secret) -> bytes:
    return secret.reveal().encode()


def test_a_host_is_looked_up_once_and_then_known() -> None:
    world = World()
    world.store.add_host("api.example.com", "weather")
    world.confirm()
    for host, slug in (("api.example.com", "weather"), ("other.example.com", "")):
        assert finish(world.verifier.host(host)) == slug
        asked = world.store.asked
        assert world.verifier.host(host) == slug
        assert world.store.asked == asked


def test_a_host_that_is_claimed_leads_there_at_once() -> None:
    """Also one that a star covered, and one that was said to lead nowhere."""
    world = World()
    world.store.add_host("*.example.com", "weather")
    world.confirm()
    assert finish(world.verifier.host("a.example.com")) == "weather"
    assert finish(world.verifier.host("b.elsewhere.example")) == ""
    world.store.add_host("a.example.com", "none")
    world.store.add_host("b.elsewhere.example", "weather")
    world.store.put("api", replace(world.store.rows[API], id="api_2", slug="none"))
    world.confirm()
    assert finish(world.verifier.host("a.example.com")) == "none"
    assert finish(world.verifier.host("b.elsewhere.example")) == "weather"


def test_a_host_with_prefixes_is_asked_for_once_and_anew_when_one_changes() -> None:
    world = World()
    old = Prefixes("api.example.com", [("/v1", "weather")])
    world.store.add_host("api.example.com", old)
    world.confirm()
    assert finish(world.verifier.host("api.example.com")) is old
    asked = world.store.asked
    assert world.verifier.host("api.example.com") is old
    assert world.store.asked == asked
    new = Prefixes("api.example.com", [("/v1", "weather"), ("/v2", "weather")])
    world.store.add_host("api.example.com", new)
    world.confirm()
    assert finish(world.verifier.host("api.example.com")) is new


def test_a_host_with_prefixes_is_no_miss() -> None:
    """Its callers are not slowed as those who ask for what there is not."""
    world = World()
    for number in range(200):
        name = f"x{number}.example"
        world.store.add_host(name, Prefixes(name, [("/v1", "weather")]))
    world.confirm()
    for number in range(200):
        world.clock.up_us += 10_000  # what all askers together may look up
        assert isinstance(finish(world.verifier.host(f"x{number}.example")), Prefixes)


def test_hosts_are_not_asked_for_until_there_is_one() -> None:
    """Installations without any pay one look at a flag; the first one sets it."""
    world = World()
    assert not world.verifier.hosts.in_use
    world.store.change("api", "api_1", name="Other")
    world.confirm()
    assert not world.verifier.hosts.in_use
    world.store.add_host("api.example.com", "weather")
    world.confirm()
    assert world.verifier.hosts.in_use


def test_a_slow_look_up_cannot_hide_a_new_host() -> None:
    world = World()
    pending = world.verifier.host("api.example.com")
    assert isinstance(pending, Pending)
    old = pending.work()
    world.store.add_host("api.example.com", "weather")
    world.confirm()
    assert finish(pending.resume(old)) == "weather"


def test_a_flood_of_strange_hosts_is_bounded_and_known_ones_go_on() -> None:
    world = World()
    world.store.add_host("api.example.com", "weather")
    world.confirm()
    assert finish(world.verifier.host("api.example.com")) == "weather"
    flying = [world.verifier.host(f"x{number}.example") for number in range(200)]
    assert Verdict.UNAVAILABLE in flying
    assert world.verifier.host("api.example.com") == "weather"
    index = HostIndex()
    index.keep("api.example.com", "weather")
    for number in range(2 * HOSTS_MAX):
        index.keep(f"x{number}.example", "")
        assert index.lead("api.example.com") == "weather"
    assert len(index) == HOSTS_MAX


def test_without_the_database_known_hosts_go_on_and_others_are_unavailable() -> None:
    world = World()
    world.store.add_host("api.example.com", "weather")
    world.confirm()
    finish(world.verifier.host("api.example.com"))
    world.store.gone = True
    assert world.verifier.host("api.example.com") == "weather"
    assert finish(world.verifier.host("new.example")) is Verdict.UNAVAILABLE

"""What a guard remembers: refusals alone, and none longer than it is true."""

import asyncio

import pytest

from keyhouse.core.decision import Decision
from keyhouse.core.records import ApiRecord
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from keyhouse.ports import RemoteRefused
from keyhouse.services.remote.refusals import Refusals
from tests.services.remote.elsewhere import (
    KEY,
    OTHER,
    REVOKED,
    TOKENS,
    UNKNOWN,
    VALID,
    Elsewhere,
    code,
    settled,
    verdict,
)

DENIED = verdict("ip_not_allowed", 403, forget=TOKENS)
HERE = 0xFFFF_CB00_7109


def spending(elsewhere: Elsewhere) -> int:
    """How many entries could have cost something."""
    return sum(entry.get("cost") != 0 for entry in elsewhere.asked)


async def test_a_request_that_passed_is_asked_about_again_each_time() -> None:
    """Rates, quotas and usage would not be exact otherwise."""
    elsewhere = Elsewhere()
    elsewhere.result = {**VALID, "forget": TOKENS}
    async with elsewhere.opened() as plane:
        for _ in range(5):
            assert await code(plane) == "valid"
    assert spending(elsewhere) == 5


async def test_a_revoked_key_is_asked_about_once_whatever_it_wants() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        for path in ("/a", "/b", "/c"):
            assert await code(plane, path=path) == "revoked"
        assert await code(plane, OTHER) == "revoked"
    assert spending(elsewhere) == 2


async def test_a_restriction_is_remembered_for_the_same_request_alone() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = DENIED
    async with elsewhere.opened() as plane:
        assert await code(plane, address=1) == "ip_not_allowed"
        elsewhere.result = VALID
        assert await code(plane, address=1) == "ip_not_allowed"
        assert await code(plane, address=HERE) == "valid"
        assert await code(plane, address=1, method="POST") == "valid"


async def test_a_refusal_given_here_is_counted_there_and_spends_nothing() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        await code(plane, path="/a", cost=5)
        await code(plane, path="/b", cost=5)
        await settled()
    first, report = elsewhere.asked
    assert (first["cost"], first["path"]) == (5, "/a")
    assert (report["cost"], report["path"], report["secret"]) == (0, "/b", KEY.decode())


async def test_refusals_given_here_do_not_cost_a_call_each() -> None:
    elsewhere = Elsewhere()
    elsewhere.by_secret[OTHER.decode()] = REVOKED
    async with elsewhere.opened() as plane:
        await code(plane, OTHER)
        for _ in range(90):
            assert await code(plane, OTHER) == "revoked"
            await settled()
        assert len(elsewhere.batches) == 1
        await code(plane)
        assert [len(batch) for batch in elsewhere.batches] == [1, 91]


async def test_refusals_are_counted_soon_though_nobody_asks() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        for _ in range(150):
            await code(plane, b"garbage")
        async with asyncio.timeout(5):
            while len(elsewhere.asked) < 150:  # noqa: ASYNC110 - the double has no event
                await asyncio.sleep(0.01)
    assert [len(batch) for batch in elsewhere.batches] == [100, 50]


@pytest.mark.parametrize("token", TOKENS)
async def test_a_change_of_what_it_rests_on_ends_a_refusal(token: str) -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        assert await code(plane) == "revoked"
        elsewhere.result = VALID
        await elsewhere.change("token-of-something-else")
        assert await code(plane) == "revoked"
        await elsewhere.change(token)
        assert await code(plane) == "valid"


async def test_what_was_decided_before_a_change_is_not_kept_after_it() -> None:
    """The answer was on its way when the guard heard that the key is good again."""
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        elsewhere.hold = asyncio.Event()
        elsewhere.seq = elsewhere.head
        asking = asyncio.ensure_future(code(plane))
        await settled()
        await elsewhere.change(*TOKENS)
        elsewhere.hold.set()
        assert await asking == "revoked"
        elsewhere.result, elsewhere.seq = VALID, None
        assert await code(plane) == "valid"


async def test_a_feed_that_went_silent_empties_what_is_remembered() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        await code(plane)
        assert len(plane._refusals) == 1
        elsewhere.clock.at_us += 2_600_000
        elsewhere.result = VALID
        assert await code(plane) == "valid"
        assert len(plane._refusals) == 0
        elsewhere.result = REVOKED
        await code(plane)
        assert len(plane._refusals) == 0


async def test_a_log_that_begins_anew_is_another_log() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        await code(plane)
        elsewhere.log = "log-2"
        elsewhere.result = VALID
        await elsewhere.tell()
        assert await code(plane) == "valid"


async def test_all_is_forgotten_when_it_is_told_so() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = REVOKED
    async with elsewhere.opened() as plane:
        await code(plane)
        elsewhere.forget_all, elsewhere.result = True, VALID
        await elsewhere.tell()
        assert await code(plane) == "valid"


async def test_an_unknown_key_is_remembered_for_two_seconds() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = UNKNOWN
    async with elsewhere.opened() as plane:
        await code(plane)
        elsewhere.clock.at_us += 1_900_000
        assert await code(plane) == "unknown"
        assert spending(elsewhere) == 1
        elsewhere.result = VALID
        elsewhere.clock.at_us += 200_000
        assert await code(plane) == "valid"


async def test_a_key_under_a_wrong_id_is_not_remembered_for_the_right_one() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = UNKNOWN
    async with elsewhere.opened() as plane:
        assert await code(plane, key_id="key_of_another") == "unknown"
        elsewhere.result = VALID
        assert await code(plane, key_id="key_1") == "valid"
        assert await code(plane) == "valid"


async def test_what_a_gateway_demands_of_all_is_demanded_here() -> None:
    elsewhere = Elsewhere()
    elsewhere.require_tls = True
    async with elsewhere.opened() as plane:
        for secret in (None, b"garbage", KEY):
            assert await code(plane, secret) == "tls_required"
        assert await code(plane, tls=True) == "valid"
        await settled()
    assert KEY.decode() in {
        one["secret"] for one in elsewhere.asked if one.get("cost") == 0
    }


async def test_a_new_key_works_as_soon_as_its_making_is_heard_of() -> None:
    elsewhere = Elsewhere()
    elsewhere.result = UNKNOWN
    async with elsewhere.opened() as plane:
        await code(plane)
        elsewhere.result = VALID
        await elsewhere.change("token-never-seen")
        assert await code(plane) == "valid"


@pytest.mark.parametrize("known", ["rate_limited", "quota_exceeded", "not_yet_valid"])
async def test_what_time_changes_is_not_remembered(known: str) -> None:
    elsewhere = Elsewhere()
    elsewhere.result = verdict(known, 429, retry_after=9)
    async with elsewhere.opened() as plane:
        for _ in range(3):
            assert await code(plane) == known
    assert spending(elsewhere) == 3


@pytest.mark.parametrize("secret", [b"garbage", KEY[:-1] + b"x", b"\xff\xfe", b"x" * 500])
async def test_what_cannot_be_a_key_is_refused_without_being_asked(secret: bytes) -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        assert await code(plane, secret) == "malformed"
        assert await code(plane, None) == "missing"
        await settled()
    assert spending(elsewhere) == 0
    assert [one["secret"] for one in elsewhere.asked] == ["malformed", ""]


async def test_two_keys_are_counted_as_two_keys() -> None:
    elsewhere = Elsewhere()
    refusal = Verdict.CONFLICTING_CREDENTIALS
    async with elsewhere.opened() as plane:
        _, decision = await plane.admit(Request(None, "weather"), refusal, "/")
        await settled()
    assert decision.verdict is refusal
    assert elsewhere.asked[0]["secret"].count("kh_sk_test_") == 2


async def test_strangers_cannot_fill_the_queue_of_what_is_to_be_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("keyhouse.services.remote.batches.REPORTS_MAX", 10)
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        codes = await asyncio.gather(*[code(plane, b"garbage") for _ in range(50)])
        await settled()
    assert codes == ["malformed"] * 50
    assert len(elsewhere.asked) == 10
    assert "counted nowhere: 1" in caplog.text


def test_what_is_remembered_is_bounded() -> None:
    refusals = Refusals(bytes(32), refusals_max=3)
    elsewhere_said = _decision()
    for number in range(10):
        request = Request(b"key %d" % number, "weather")
        refusals.keep(request, elsewhere_said, (f"token-{number}", "token-of-api"), 0)
    assert len(refusals) == 3
    assert len(refusals._by_token) == 4
    refusals.forget(["token-of-api"])
    assert len(refusals) == 0
    assert not refusals._by_token


def _decision() -> Decision:
    return Decision(Verdict.REVOKED, 0)


async def test_it_is_learned_where_callers_put_their_key_and_when_that_changes() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        api = await plane.api("weather")
        assert isinstance(api, ApiRecord)
        assert (api.key_header, api.query_parameter) == (b"x-api-key", None)
        elsewhere.apis["weather"] = {"key_header": "x-own", "query_parameter": "key"}
        assert await plane.api("weather") is api
        await elsewhere.change("token-of-api")
        await plane.api("weather")
        await settled()
        changed = await plane.api("weather")
        assert isinstance(changed, ApiRecord)
        assert (changed.key_header, changed.query_parameter) == (b"x-own", b"key")


async def test_strings_of_other_systems_are_asked_about_where_some_were_imported() -> None:
    """All others that are none of ours cost no question, as at the gateway."""
    elsewhere = Elsewhere()
    strings = {"length_min": 30, "length_max": 40}
    old, short = b"old.9f8e7d6c5b4a39281706f5e4d3c2b1a0", b"old.9f8e"
    async with elsewhere.opened() as plane:
        await plane.api("weather")
        assert await code(plane, old) == "malformed"
        elsewhere.apis["weather"] = {**elsewhere.apis["weather"], "imported": strings}
        await elsewhere.change("token-of-api")
        await plane.api("weather")
        await settled()
        assert await code(plane, old) == "valid"
        assert await code(plane, short) == "malformed"
        sent = [one["secret"] for batch in elsewhere.batches for one in batch]
        assert old.decode() in sent
        assert short.decode() not in sent


async def test_an_api_that_is_not_there_harms_no_other_one() -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        for _ in range(10):
            assert await plane.api("nowhere") is Verdict.UNAVAILABLE
            elsewhere.clock.at_us += 600_000
            await elsewhere.tell()
        assert await code(plane) == "valid"


async def test_an_outage_does_not_make_callers_wait_for_the_api(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = Elsewhere()
    async with elsewhere.opened() as plane:
        known = await plane.api("weather")
        await elsewhere.change("token-of-api")
        elsewhere.hold = asyncio.Event()
        async with asyncio.timeout(1):
            assert await plane.api("weather") is known
        elsewhere.hold.set()


async def test_a_wrong_key_is_told_when_it_opens() -> None:
    elsewhere = Elsewhere()
    elsewhere.refusing = RemoteRefused("401: The key is not valid.")
    with pytest.raises(RemoteRefused, match="not valid"):
        async with elsewhere.opened():
            pass


async def test_it_opens_before_keyhouse_is_there_and_goes_on_when_it_is() -> None:
    elsewhere = Elsewhere()
    elsewhere.gone = True
    async with elsewhere.opened() as plane:
        assert await code(plane) == "unavailable"
        elsewhere.gone = False
        assert await code(plane) == "valid"
        await elsewhere.tell()
        elsewhere.result = REVOKED
        await code(plane)
        assert len(plane._refusals) == 1
    assert elsewhere.closed

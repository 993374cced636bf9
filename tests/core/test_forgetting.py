"""What a guard may remember, and the names by which it is told to forget."""

from dataclasses import replace

import pytest

from keyhouse.core.decision import Decision
from keyhouse.core.forgetting import (
    STANDING,
    STANDING_FOR_ALL,
    forget_token,
    log_name,
    parts_behind,
)
from keyhouse.core.plan_records import SubscriptionRecord
from keyhouse.core.records import CustomerRecord, PartRef, RevocationsRecord
from keyhouse.core.user_lines import beside, user_line
from keyhouse.core.user_tokens import UserToken
from keyhouse.core.verdict import Verdict
from tests.core.rows import line as line_of
from tests.doors.gateway.doubles import KEY, Verifier

PEPPER, OTHER = bytes(32), bytes(31) + b"x"
PART = PartRef("key", "key_1")


def decision(verdict: Verdict) -> Decision:
    double = Verifier("http://a")
    line = double._line(KEY, double.keys[KEY], "weather")
    return Decision(verdict, 0, replace(line, api=replace(line.api, project_id="prj_2")))


def test_an_answer_that_lets_pass_is_never_to_be_remembered() -> None:
    assert Verdict.VALID not in STANDING
    assert parts_behind(decision(Verdict.VALID)) == ()


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.RATE_LIMITED,
        Verdict.QUOTA_EXCEEDED,
        Verdict.CREDITS_EXHAUSTED,
        Verdict.NOT_YET_VALID,
        Verdict.UNAVAILABLE,
    ],
)
def test_what_time_or_counting_changes_does_not_stand(verdict: Verdict) -> None:
    assert parts_behind(decision(verdict)) == ()


@pytest.mark.parametrize("verdict", [one for one in Verdict if one in STANDING])
def test_a_standing_refusal_rests_on_all_parts_of_the_way(verdict: Verdict) -> None:
    """One that is missing here would keep a key refused that is good again."""
    assert set(parts_behind(decision(verdict))) == {
        PartRef("key", "key_one"),
        PartRef("application", "app_1"),
        PartRef("project", "prj_1"),
        PartRef("organization", "org_1"),
        PartRef("api", "api_weather"),
        PartRef("project", "prj_2"),
    }


def test_one_of_a_subscriber_rests_on_subscription_and_plan_too() -> None:
    """A guard elsewhere must hear that a suspended one was resumed."""
    bought = SubscriptionRecord("sub_1", ("sub_1",), "pln_1", active=False, terms=())
    refused = decision(Verdict.SUBSCRIPTION_INACTIVE)
    assert refused.line is not None
    refused.line = replace(refused.line, subscription=bought)
    added = {PartRef("subscription", "sub_1"), PartRef("plan", "pln_1")}
    assert added < set(parts_behind(refused))


def test_one_of_a_customer_rests_on_it_too() -> None:
    """A guard elsewhere must hear that one that was switched off is on again."""
    refused = decision(Verdict.DISABLED)
    assert refused.line is not None
    off = CustomerRecord("cus_1", "org_1", "crm", disabled=True, rates=(), quotas=())
    refused.line = replace(refused.line, customer=off)
    assert PartRef("customer", "cus_1") in parts_behind(refused)


def test_one_of_a_token_rests_on_the_key_that_minted_it() -> None:
    """Which need not be the one that came with it."""
    api = line_of().api
    token = UserToken("tok", "u", "", "app_a", api.id, "key_2", "sec_2", 0, 9, frozenset())
    minter = user_line(line_of(id="key_2"), token, RevocationsRecord("app_a", {}))
    refused = Decision(Verdict.DISABLED, 0, beside(line_of(), minter))
    rests_on = {
        PartRef("key", "key_a"),
        PartRef("key", "key_2"),
        PartRef("tokens", "app_a"),
    }
    assert rests_on < set(parts_behind(refused))


def test_a_refusal_without_a_key_rests_on_nothing_that_can_be_named() -> None:
    assert parts_behind(Decision(Verdict.REVOKED, 0)) == ()


def test_what_meets_all_requests_meets_the_same_one() -> None:
    assert STANDING_FOR_ALL < STANDING


def test_tokens_differ_by_asker_by_part_and_by_pepper() -> None:
    token = forget_token(PEPPER, "key_a", PART)
    assert token == forget_token(PEPPER, "key_a", PART)
    others = {
        forget_token(PEPPER, "key_b", PART),
        forget_token(OTHER, "key_a", PART),
        forget_token(PEPPER, "key_a", PartRef("api", "key_1")),
        forget_token(PEPPER, "key_a", PartRef("key", "key_2")),
    }
    assert len({token, *others}) == 5
    assert len(token) == 12


def test_another_pepper_is_another_log() -> None:
    assert log_name(PEPPER) != log_name(OTHER)

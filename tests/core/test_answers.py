"""What callers read: problems, challenges and limits, well-formed on every path."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.answers import (
    challenge,
    limit_headers,
    problem,
    refusal_headers,
    retry_after,
    shown_code,
)
from keyhouse.core.decision import Decision, LimitState
from keyhouse.core.entities import LimitKind
from keyhouse.core.pending import Pending
from keyhouse.core.verdict import Verdict
from tests.core.rows import api_record, line, quota, rate

NOW = 1_760_000_000_000_000
LIMITED = line(
    api_record(limits=(rate("second", 10, burst=20), quota("daily", 1000))),
    application={"external_id": "c-7"},
    access={"scopes": ("pages:read",)},
)
# A list of strings with integer parameters (RFC 9651, 3.1).
_ITEM = r'"[ -!#-\[\]-~]*"(?:;[a-z]=\d{1,15})+'
_LIST = re.compile(f"{_ITEM}(?:, {_ITEM})*")


def decision(verdict: Verdict, **more: Any) -> Decision:
    return Decision(verdict, NOW, LIMITED, **more)


MET = decision(
    Verdict.VALID,
    left=(19, 1, 42, 3601),
)


def test_limits_are_told_as_they_stand() -> None:
    assert limit_headers(MET) == [
        ("RateLimit-Policy", '"second";q=10;w=1, "daily";q=1000;w=86400'),
        ("RateLimit", '"second";r=19;t=1, "daily";r=42;t=3601'),
    ]
    assert MET.limits == (
        LimitState("second", LimitKind.RATE, 10, 1, 19, 1),
        LimitState("daily", LimitKind.QUOTA, 1000, 86_400, 42, 3601),
    )


@given(reset_seconds=st.integers(0, 10**9), remaining=st.integers(0, 10**9))
def test_limit_headers_are_structured_fields(reset_seconds: int, remaining: int) -> None:
    met = decision(Verdict.VALID, left=(remaining, reset_seconds, remaining, reset_seconds))
    for _, value in limit_headers(met):
        assert _LIST.fullmatch(value)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_nothing_is_told_of_limits_that_were_not_met(verdict: Verdict) -> None:
    assert limit_headers(decision(verdict)) == []
    assert limit_headers(Decision(verdict, NOW)) == []


@pytest.mark.parametrize(
    ("retry_us", "seconds"),
    [(0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2), (59_000_001, 60), (None, 1)],
)
def test_who_waits_as_told_is_not_refused_again(retry_us: int | None, seconds: int) -> None:
    assert retry_after(decision(Verdict.RATE_LIMITED, retry_us=retry_us)) == seconds


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_problem_is_json_with_the_same_members_everywhere(verdict: Verdict) -> None:
    body = json.loads(json.dumps(problem(verdict, "req_1", decision(verdict))))
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}
    assert body["type"] == f"urn:keyhouse:problem:{body['code']}"
    assert body["status"] == verdict.status


def test_a_malformed_key_reads_like_an_unknown_one() -> None:
    assert problem(Verdict.MALFORMED, "r") == problem(Verdict.UNKNOWN, "r")
    assert challenge(Verdict.MALFORMED) == challenge(Verdict.UNKNOWN)
    assert shown_code(Verdict.MALFORMED) == "unknown"


def test_a_refusal_names_what_to_do() -> None:
    refused = decision(Verdict.RATE_LIMITED, retry_us=1_500_000)
    assert problem(Verdict.RATE_LIMITED, "r", refused)["retry_after"] == 2
    assert ("Retry-After", "2") in refusal_headers(refused)
    refused = decision(Verdict.SCOPE_MISSING, scopes_missing=("a:read", "a:write"))
    assert problem(Verdict.SCOPE_MISSING, "r", refused)["scopes_missing"] == [
        "a:read",
        "a:write",
    ]


def test_a_refusal_that_waiting_cannot_mend_tells_no_time() -> None:
    for verdict in (Verdict.RATE_LIMITED, Verdict.QUOTA_EXCEEDED, Verdict.REVOKED):
        names = [name for name, _ in refusal_headers(decision(verdict))]
        assert "Retry-After" not in names
    assert refusal_headers(Decision(Verdict.UNAVAILABLE, NOW)) == [("Retry-After", "1")]


def test_a_slowed_source_is_told_when_to_ask_again() -> None:
    slowed = Decision(Verdict.UNAVAILABLE, NOW, retry_us=1_200_000)
    assert refusal_headers(slowed) == [("Retry-After", "2")]
    assert problem(slowed.verdict, "req_1", slowed)["retry_after"] == 2


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_401_has_a_challenge(verdict: Verdict) -> None:
    """RFC 6750, section 3: without a token there is no error to tell."""
    told = challenge(verdict)
    if verdict is Verdict.MISSING:
        assert told == 'Bearer realm="keyhouse"'
    elif verdict.status == 401:
        assert told == 'Bearer realm="keyhouse", error="invalid_token"'
    else:
        assert (told is not None) is (verdict is Verdict.SCOPE_MISSING)
    assert ("WWW-Authenticate" in dict(refusal_headers(Decision(verdict, NOW)))) is (
        told is not None
    )


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (("a:read", "b:write"), ', scope="a:read b:write"'),
        (('a:read"\r\nX: y', "b:write"), ', scope="b:write"'),
        (("no scope",), ""),
    ],
)
def test_a_scope_cannot_write_a_header(missing: tuple[str, ...], told: str) -> None:
    refused = decision(Verdict.SCOPE_MISSING, scopes_missing=missing)
    assert challenge(refused) == (
        f'Bearer realm="keyhouse", error="insufficient_scope"{told}'
    )


def test_a_decision_says_whose_key_it_was() -> None:
    assert MET.allowed
    assert MET.code == "valid"
    assert MET.key is LIMITED.key
    assert MET.application is LIMITED.application
    assert MET.customer == "c-7"
    assert MET.scopes == {"pages:read"}
    assert MET.subject is None


def test_a_decision_without_a_key_knows_nobody() -> None:
    none = Decision(Verdict.UNKNOWN, NOW)
    assert not none.allowed
    assert (none.key, none.application, none.customer, none.subject) == (None,) * 4
    assert none.scopes == frozenset()
    assert none.limits == ()
    closed = Decision(Verdict.API_NOT_ALLOWED, NOW, line(access={"resource_id": "x"}))
    assert closed.scopes == frozenset()


def test_a_pending_is_resumed_with_what_its_work_gave() -> None:
    refused = Decision(Verdict.UNKNOWN, NOW)
    pending = Pending("need", lambda: NOW, lambda got: refused if got == NOW else pending)
    assert pending.resume(pending.work()) is refused

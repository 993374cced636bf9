"""Explaining with a user's token, on real rows: its claims are enough."""

from typing import Any

import pytest

from keyhouse.core import ids
from keyhouse.core.entities import Limit, LimitKind, Restrictions, Window
from keyhouse.core.explain import Finding, Outcome
from keyhouse.core.usage import MINTING, LogRow, UsageBatch, Use, UseOfUser
from keyhouse.core.verdict import Verdict
from keyhouse.services.explain import (
    Asked,
    Claims,
    Explained,
    explain_key,
    explain_request,
)
from keyhouse.services.issue import Created
from keyhouse.services.refusals import Invalid
from keyhouse.services.tokens import RevokeWish, revoke_tokens
from tests.servers.acme import Acme

DAILY = Limit(name="daily", kind=LimitKind.QUOTA, amount=5, window=Window.DAY)


@pytest.fixture
def made(acme: Acme) -> Created:
    acme.api(scopes=("forecast:read",), user_limits=(DAILY,))
    return acme.key()


def explained(acme: Acme, made: Created, **claims: Any) -> Explained:
    asked = Asked(cost=claims.pop("cost", None), token=Claims(**{"sub": "alice", **claims}))
    return acme.read(lambda look: explain_key(look, made.view.key.id, asked))


def reasons(told: Explained) -> list[Finding]:
    return [one for one in told.explanation.findings if one.outcome is Outcome.REFUSED]


def a_token(acme: Acme, seconds_ago: int = 60) -> str:
    return ids.make_id(ids.TOKEN, acme.clock.now_us() - seconds_ago * 1_000_000, bytes(10))


def revoke(acme: Acme, made: Created, **what: Any) -> None:
    wish = RevokeWish(application=made.view.key.application_id, **what)
    acme.write(lambda work: revoke_tokens(work, wish))


def test_a_user_that_nobody_revoked_may_call(acme: Acme, made: Created) -> None:
    told = explained(acme, made)
    assert told.explanation.verdict is Verdict.VALID
    assert told.token is not None
    assert told.token.subject == "alice"


def test_what_was_revoked_of_it_is_found_among_all_that_was(
    acme: Acme, made: Created
) -> None:
    """A support desk would tell a user who was logged out that nothing is wrong."""
    jti, key = a_token(acme), made.view.key
    end = acme.clock.now_us() // 1_000_000 + 60
    for other in ({"user": "bob"}, {"session": "s-2"}, {"token": a_token(acme, 99)}):
        revoke(acme, made, **other)
    claims = {"jti": jti, "sid": "s-1", "exp": end, "azp": key.application_id}
    assert explained(acme, made, **claims).explanation.verdict is Verdict.VALID
    for what in ({"user": "alice"}, {"session": "s-1"}, {"token": jti}, {"key": key.id}):
        revoke(acme, made, **what)
    told = reasons(explained(acme, made, **claims))
    assert [one.check for one in told] == ["token"] * 4
    assert [one.verdict for one in told] == [Verdict.REVOKED] * 4
    revoke(acme, made, all=True)
    (reason,) = reasons(explained(acme, made, **claims))
    assert "its application" in reason.found
    acme.go_on(1)
    assert not reasons(explained(acme, made, jti=a_token(acme, 0)))


def test_a_users_limits_are_that_users(acme: Acme, made: Created) -> None:
    told = explained(acme, made, cost=6)
    (quota,) = reasons(told)
    assert (quota.check, quota.facts["limit"]) == ("quota", "user/daily")
    assert (quota.facts["amount"], quota.facts["used"]) == (5, 0)
    lower = explained(acme, made, cost=3, limits=[["daily", 2, "day"]])
    (quota,) = reasons(lower)
    assert quota.facts["amount"] == 2


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ({"sub": ""}, "token.sub"),
        ({"sub": "a b"}, "token.sub"),
        ({"sid": "é"}, "token.sid"),
        ({"jti": "tok_1"}, "token.jti"),
        ({"iat": -1}, "token.iat"),
        ({"exp": 1 << 60}, "token.exp"),
        ({"scope": "Read"}, "token.scope"),
        ({"limits": [["daily"]]}, "token.limits"),
        ({"limits": [["daily", 1, "day"]] * 5}, "token.limits"),
        ({"azp": "app_other"}, "token.azp"),
        ({"key": "key_other"}, "token.key"),
    ],
)
def test_a_claim_that_no_token_of_the_key_has_is_named(
    acme: Acme, made: Created, claims: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        explained(acme, made, **claims)
    assert [one.field for one in refused.value.problems] == [field]


def log(acme: Acme, use: Use, verdict: Verdict, path: str) -> str:
    """The id of a request in the log."""
    now_us = acme.clock.now_us()
    id = ids.make_id(ids.REQUEST, now_us, bytes(10))
    row = LogRow(id, now_us, use, verdict.number, "POST", path, 1, 200, 5)
    acme.database.sink.open_spool("spl_users", "nod_1", "boot")
    assert acme.database.sink.book(UsageBatch("spl_users", 0, 1, log=[row]))
    return id


def test_a_call_in_the_log_is_explained_with_its_token(acme: Acme, made: Created) -> None:
    """The one who looks at a request id need not know whose token it was."""
    key, (opened, *_) = made.view.key, made.view.access
    own, jti = key.organization_id, a_token(acme)
    use = UseOfUser(
        own, own, opened.resource_id, "", key.id, 1, key.application_id, "test", ""
    )
    use.user, use.token, use.session = f"{key.application_id}/alice", jti, "s-1"
    id = log(acme, use, Verdict.VALID, "/weather/a")
    revoke(acme, made, session="s-1")
    told = acme.read(lambda look: explain_request(look, id))
    (reason,) = reasons(told)
    assert (reason.check, reason.verdict) == ("token", Verdict.REVOKED)
    assert told.token is not None
    assert (told.token.subject, told.token.session, told.token.id) == ("alice", "s-1", jti)
    assert "token.exp" in told.not_kept


def test_a_token_that_was_minted_is_not_explained_as_a_call_of_an_endpoint(
    acme: Acme,
) -> None:
    """The address of minting is none of the API's, and no restriction is meant for it."""
    acme.api(scopes=("forecast:read",), user_limits=(DAILY,))
    made = acme.key(restrictions=Restrictions(endpoints=("GET /forecast",)))
    key, (opened, *_) = made.view.key, made.view.access
    own, api = key.organization_id, opened.resource_id
    use = Use(own, own, api, MINTING, key.id, 1, key.application_id, "test", "")
    id = log(acme, use, Verdict.VALID, "/.keyhouse/v1/tokens")
    told = acme.read(lambda look: explain_request(look, id))
    assert (told.explanation.verdict, told.token) == (Verdict.VALID, None)

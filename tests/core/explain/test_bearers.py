"""Requests with a user's token: what is told of it is what a door decides on it."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from keyhouse.core.decide import decide
from keyhouse.core.entities import RevokedKind, TokenRevocation
from keyhouse.core.explain import (
    Bearer,
    Case,
    Explanation,
    Outcome,
    Place,
    Scene,
    ToldToken,
    explain,
    name_of,
    named_by,
    say,
)
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from tests.core import rows
from tests.core.explain.scenes import NOW, reasons, scene
from tests.core.explain.test_same_as_decide import SCOPES, requests, scenes

HOUR = 3_600_000_000
ID = "tok_06TbZQ2dGmM8vXk1cPqRst"
HELD = {"scopes": ("pages:read", "pages:write")}


def revocation(kind: RevokedKind, value: str, before: int) -> TokenRevocation:
    return TokenRevocation(
        id=f"app_a/{kind.value}/{value}",
        organization_id=rows.APPLICATION.organization_id,
        application_id=rows.APPLICATION.id,
        kind=kind,
        value=value,
        before=before,
        expires_at=before + HOUR,
        created_at=before,
        updated_at=before,
    )


def case(
    at: Scene,
    told: ToldToken,
    request: Request,
    revoked: Sequence[TokenRevocation] = (),
) -> Case:
    secret = at.secrets[0]
    line = at.line(secret, ZoneInfo)
    named = named_by(told, line, NOW)
    bearer = Bearer(told, [one for one in revoked if name_of(one) in named], line)
    made = Case(
        scene=at,
        secret=secret,
        line=bearer.line(NOW),
        request=request,
        now_us=NOW,
        spent={},
        bearer=bearer,
    )
    return replace(made, spent={use.token: 0 for use in made.met.quotas})


def explained(
    told: ToldToken, *revoked: TokenRevocation, scopes: tuple[str, ...] = ()
) -> Explanation:
    asked = Request(b"x", "webdata", scopes=scopes)
    return explain(case(scene(access=HELD), told, asked, revoked))


turns = st.sampled_from((None, NOW - 25 * HOUR, NOW - HOUR, NOW, NOW + HOUR))


@st.composite
def tokens(draw: st.DrawFn) -> ToldToken:
    """Any token, with any of it not told."""
    held = st.sets(st.sampled_from((*SCOPES, "pages:*", "*")), max_size=3)
    issued = draw(st.sampled_from((None, NOW - 25 * HOUR, NOW - HOUR, NOW - 1)))
    return ToldToken(
        subject=draw(st.sampled_from(("alice", "bob"))),
        session=draw(st.sampled_from(("", "s-1"))),
        id="" if issued is None else draw(st.sampled_from(("", ID))),
        api_id=draw(st.sampled_from(("", "api_a", "api_b"))),
        issued_us=issued,
        ends_us=draw(turns),
        scopes=draw(st.none() | held.map(frozenset)),
        logged=draw(st.booleans()),
    )


@st.composite
def revocations(draw: st.DrawFn) -> list[TokenRevocation]:
    named = {
        RevokedKind.USER: "alice",
        RevokedKind.SESSION: "s-1",
        RevokedKind.KEY: rows.KEY.id,
        RevokedKind.APPLICATION: rows.APPLICATION.id,
    }
    before = st.sampled_from((NOW - 2 * HOUR, NOW - HOUR // 2, NOW))
    chosen = draw(st.sets(st.sampled_from(list(named)), max_size=2))
    made = [revocation(kind, named[kind], draw(before)) for kind in sorted(chosen)]
    if draw(st.booleans()):
        made.append(revocation(RevokedKind.TOKEN, ID, NOW + HOUR))
    return made


@settings(max_examples=300)
@given(scenes(), tokens(), revocations(), requests())
def test_the_first_refusal_explained_is_the_one_that_is_decided(
    at: Scene, told: ToldToken, revoked: list[TokenRevocation], request: Request
) -> None:
    """Else people would mend what was not the matter."""
    asked = case(at, told, request, revoked)
    passed = decide(asked.line, request, NOW)
    found = explain(asked)
    assert found.as_told is passed.verdict
    assert found.verdict is None or found.verdict is passed.verdict
    for one in found.findings:
        for text in (one.found, one.mend):
            assert "{" not in say(text, one.facts).replace("/{id}", "")
        if one.outcome is Outcome.REFUSED:
            assert say(one.mend, one.facts).endswith(".")


def test_a_user_alone_is_one_whose_token_is_new() -> None:
    told = explained(ToldToken("alice"), scopes=("pages:write",))
    assert (told.outcome, told.verdict) == (Outcome.PASSED, Verdict.VALID)


def test_each_way_to_revoke_it_is_named() -> None:
    token = ToldToken("alice", "s-1", ID, issued_us=NOW - HOUR)
    values = {
        RevokedKind.TOKEN: ID,
        RevokedKind.SESSION: "s-1",
        RevokedKind.USER: "alice",
        RevokedKind.KEY: rows.KEY.id,
        RevokedKind.APPLICATION: rows.APPLICATION.id,
    }
    assert set(values) == set(RevokedKind)
    for kind, value in values.items():
        (reason,) = reasons(explained(token, revocation(kind, value, NOW)))
        assert (reason.check, reason.verdict) == ("token", Verdict.REVOKED)
        assert reason.place is Place.CALLER
    others = [revocation(kind, "another", NOW) for kind in RevokedKind]
    assert explained(token._replace(ends_us=NOW + HOUR), *others).verdict is Verdict.VALID


def test_what_was_issued_since_is_good_and_what_is_not_told_is_not_promised() -> None:
    revoked = revocation(RevokedKind.USER, "alice", NOW - HOUR)
    young = ToldToken("alice", issued_us=NOW - HOUR, ends_us=NOW + HOUR)
    assert explained(young, revoked).verdict is Verdict.VALID
    assert explained(ToldToken("alice"), revoked).outcome is Outcome.CANNOT_TELL


def test_its_end_is_its_own_and_a_day_at_most() -> None:
    old = ToldToken("alice", issued_us=NOW - 25 * HOUR)
    over = ToldToken("alice", ends_us=NOW)
    for token in (old, over):
        (reason,) = reasons(explained(token))
        assert (reason.check, reason.verdict) == ("expired", Verdict.EXPIRED)
    today = explained(ToldToken("alice", issued_us=NOW - HOUR))
    assert today.outcome is Outcome.CANNOT_TELL


def test_a_secret_that_was_replaced_logs_nobody_out() -> None:
    at = scene(secret={"ends_at": NOW - 1})
    asked = case(at, ToldToken("alice"), Request(b"x", "webdata"))
    assert explain(asked).verdict is Verdict.VALID


def test_it_is_for_one_api() -> None:
    (reason,) = reasons(explained(ToldToken("alice", api_id="api_b")))
    assert (reason.check, reason.verdict) == ("access", Verdict.API_NOT_ALLOWED)
    assert reason.facts["audience"] == "api_b"


def test_scopes_that_it_lacks_are_told_apart_from_those_of_its_key() -> None:
    narrow = ToldToken("alice", scopes=frozenset({"pages:read"}))
    (of_token,) = reasons(explained(narrow, scopes=("pages:write",)))
    assert (of_token.verdict, of_token.place) == (Verdict.SCOPE_MISSING, Place.CALLER)
    (of_key,) = reasons(explained(narrow, scopes=("admin:read",)))
    assert of_key.place is Place.KEY_ACCESS


def test_scopes_wider_than_the_keys_are_named_and_count_for_nothing() -> None:
    wide = ToldToken("alice", scopes=frozenset({"pages:read", "admin:*"}))
    told = explained(wide, scopes=("pages:read",))
    assert told.verdict is Verdict.VALID
    (found,) = [one for one in told.findings if "beyond" in one.facts]
    assert found.facts["beyond"] == ("admin:*",)


def test_what_the_log_does_not_keep_of_it_is_not_promised() -> None:
    token = ToldToken("alice", ends_us=NOW + HOUR, logged=True)
    assert explained(token).verdict is Verdict.VALID
    needs = explained(token, scopes=("pages:read",))
    assert needs.outcome is Outcome.CANNOT_TELL

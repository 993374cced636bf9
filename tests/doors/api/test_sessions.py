"""A person's session at the API: what it may do, and what it must prove."""

import pytest

from keyhouse.core.csrf import CSRF_HEADER, SESSION_COOKIE, csrf_token
from keyhouse.core.entities import Role
from keyhouse.core.roles import scopes_of
from keyhouse.core.scopes import covers
from tests.doors.api.conftest import House, Tenant
from tests.doors.api.test_reach import _everything, _furnished, _operations, _send

ORGANIZATION = "Keyhouse-Organization"


async def test_a_session_works_in_the_organization_that_it_names(
    house: House, tenant: Tenant
) -> None:
    person = tenant.member(house, Role.DEVELOPER)
    browser = house.browser(person, **{ORGANIZATION: tenant.organization})
    made = await browser.post("/v1/apis", json={"slug": "weather"})
    assert made.status_code == 201, made.text
    (row,) = (await tenant.client.get("/v1/audit", params={"action": "api.create"})).json()[
        "data"
    ]
    assert (row["actor"], row["address"]) == (person, "127.0.0.1")


async def test_the_only_organization_need_not_be_named(
    house: House, tenant: Tenant
) -> None:
    browser = house.browser(tenant.member(house, Role.VIEWER))
    (told,) = (await browser.get("/v1/organizations")).json()["data"]
    assert told["id"] == tenant.organization


@pytest.mark.parametrize("role", Role)
async def test_each_role_does_what_its_scopes_say_and_no_more(
    house: House, tenant: Tenant, role: Role
) -> None:
    ids = await _furnished(tenant, "weather")
    browser = house.browser(tenant.member(house, role))
    document = house.app.openapi()
    before = _everything(house)
    for at in _operations(document):
        (scope,) = at[2]["security"][0]["managementKey"]
        if covers(scopes_of(role), scope):
            continue
        answer = await _send(browser, document, at, ids)
        assert (answer.status_code, answer.json()["scopes_missing"]) == (403, [scope])
    assert _everything(house) == before


async def test_a_foreign_organization_reads_like_one_that_is_not_there(
    house: House, tenant: Tenant
) -> None:
    """Every operation, by a member of another organization."""
    stranger = house.tenant("Other").member(house, Role.OWNER)
    ids = await _furnished(tenant, "weather")
    document = house.app.openapi()
    before = _everything(house)
    browsers = [
        house.browser(stranger, **{ORGANIZATION: named})
        for named in (tenant.organization, "org_" + "0" * 22, "x")
    ]
    before = _everything(house)
    for at in _operations(document):
        answers = [await _send(browser, document, at, ids) for browser in browsers]
        assert {answer.status_code for answer in answers} == {403}
        told = [{**answer.json(), "request_id": ""} for answer in answers]
        assert told[0] == told[1] == told[2], at[:2]
        assert told[0]["code"] == "not_a_member"
    assert _everything(house) == before


async def test_a_write_without_the_sessions_token_is_refused(
    house: House, tenant: Tenant
) -> None:
    """Else any page that the person opens could write in their name."""
    person = tenant.member(house, Role.OWNER)
    ids = await _furnished(tenant, "weather")
    browser = house.browser(person)
    document = house.app.openapi()
    before = _everything(house)
    for token in ("", "x", csrf_token("another session's token")):
        browser.headers[CSRF_HEADER] = token
        for at in _operations(document):
            answer = await _send(browser, document, at, ids)
            if at[1] == "GET":
                assert answer.status_code == 200, at[:2]
            else:
                told = (answer.status_code, answer.json()["code"])
                assert told == (403, "csrf_missing"), at[:2]
    assert _everything(house) == before


async def test_a_cookie_of_no_session_is_nobody(house: House, tenant: Tenant) -> None:
    for cookie in (f"{SESSION_COOKIE}={'0' * 43}", f'{SESSION_COOKIE}="\\377"'):
        browser = house.client(None, Cookie=cookie)
        answer = await browser.get("/v1/keys")
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="keyhouse"'
    for cookie in ("", SESSION_COOKIE, f"{SESSION_COOKIE}=", "other=1"):
        answer = await house.client(None, Cookie=cookie).get("/v1/keys")
        assert (answer.status_code, answer.json()["code"]) == (401, "missing")


async def test_a_key_that_is_sent_counts_and_not_the_cookie(
    house: House, tenant: Tenant
) -> None:
    browser = house.browser(tenant.member(house, Role.VIEWER))
    browser.headers["X-API-Key"] = tenant.secret
    assert (await browser.post("/v1/projects", json={"name": "x"})).status_code == 201
    browser.headers["X-API-Key"] = "kh_mk_" + "0" * 36
    assert (await browser.get("/v1/projects")).status_code == 401


async def test_a_removed_member_is_out_with_the_next_request(
    house: House, tenant: Tenant
) -> None:
    person = tenant.member(house, Role.VIEWER)
    browser = house.browser(person, **{ORGANIZATION: tenant.organization})
    assert (await browser.get("/v1/keys")).status_code == 200
    await tenant.client.delete(f"/v1/members/{person}")
    assert (await browser.get("/v1/keys")).status_code == 403


async def test_own_sessions_are_listed_and_ended(house: House, tenant: Tenant) -> None:
    person, other = (tenant.member(house, Role.OWNER) for _ in range(2))
    here, there = house.browser(person), house.browser(person)
    house.browser(other)
    told = (await here.get("/v1/sessions")).json()["data"]
    assert sorted(one["current"] for one in told) == [False, True]
    assert {one["agent"] for one in told} == {"Firefox"}
    (away,) = (one["id"] for one in told if not one["current"])
    assert (await here.delete(f"/v1/sessions/{away}")).status_code == 204
    assert (await there.get("/v1/sessions")).status_code == 401
    assert (await here.delete(f"/v1/sessions/{away}")).status_code == 404


async def test_nobody_ends_or_sees_the_sessions_of_others(
    house: House, tenant: Tenant
) -> None:
    theirs = house.browser(tenant.member(house, Role.VIEWER))
    mine = house.browser(tenant.member(house, Role.OWNER))
    (session,) = (await theirs.get("/v1/sessions")).json()["data"]
    assert session["id"] not in (await mine.get("/v1/sessions")).text
    assert (await mine.delete(f"/v1/sessions/{session['id']}")).status_code == 404
    assert (await theirs.get("/v1/sessions")).status_code == 200


async def test_ending_a_session_needs_its_token(house: House, tenant: Tenant) -> None:
    browser = house.browser(tenant.member(house, Role.VIEWER))
    (session,) = (await browser.get("/v1/sessions")).json()["data"]
    browser.headers[CSRF_HEADER] = ""
    answer = await browser.delete(f"/v1/sessions/{session['id']}")
    assert answer.json()["code"] == "csrf_missing"


async def test_a_management_key_has_no_sessions(tenant: Tenant) -> None:
    for method, path in (("GET", "/v1/sessions"), ("DELETE", "/v1/sessions/ses_x")):
        answer = await tenant.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "session_needed")

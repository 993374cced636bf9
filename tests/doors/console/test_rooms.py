"""Making, changing and ending things in the console, as an owner does."""

import re

import pytest

from keyhouse.core.entities import AuditRow, Resource
from keyhouse.core.records import GrantRecord
from keyhouse.services.actor import Actor
from keyhouse.services.catalog import create_customer
from keyhouse.services.work import Office
from tests.console.forms import forms_of
from tests.doors.console.conftest import Visitor
from tests.doors.console.rooms import UPSTREAM, Rooms, enter


@pytest.fixture
async def rooms(visitor: Visitor) -> Rooms:
    return await enter(visitor)


async def test_a_new_project_teaches_the_first_step_and_then_the_next(rooms: Rooms) -> None:
    overview = f"{rooms.root}/overview"
    assert "Create API" in await rooms.text(overview)
    await rooms.api()
    page = await rooms.text(overview)
    assert "Create key" in page
    assert "Create API" not in page


async def test_an_api_is_made_of_a_name_and_an_address(rooms: Rooms) -> None:
    page = await rooms.text(await rooms.api("Wetter für alle"))
    assert "http://gateway.test/wetter-fur-alle" in page
    assert UPSTREAM in page
    assert "Wetter für alle" in await rooms.text(f"{rooms.root}/apis")


async def test_a_form_that_cannot_be_kept_comes_back_as_it_was_typed(rooms: Rooms) -> None:
    path = f"{rooms.root}/apis"
    typed = {"name": "Weather", "upstream": "ftp://x", "scopes": "one:read\ntwo"}
    refused = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert refused.status_code == 422
    assert 'value="ftp://x"' in refused.text
    assert "Upstream is no address" in refused.text
    assert "two is no scope" in refused.text
    assert "one:read\ntwo" in refused.text


async def test_a_taken_slug_is_told_at_its_field(rooms: Rooms) -> None:
    await rooms.api()
    path = f"{rooms.root}/apis"
    refused = await rooms.visitor.submit(f"{path}/new", path, name="Weather")
    assert refused.status_code == 422
    assert 'id="f-slug-problem"' in refused.text


async def test_a_wrong_role_is_told_at_its_field(rooms: Rooms) -> None:
    path = f"{rooms.root}/apis"
    typed = {"name": "Weather", "scopes": "a:read", "roles": "reader = a:read, b:read"}
    refused = await rooms.visitor.submit(f"{path}/new", path, **typed)
    assert refused.status_code == 422
    assert 'id="f-roles-problem"' in refused.text
    assert "reader: b:read is not a scope of the API" in refused.text
    assert "reader = a:read, b:read" in refused.text


async def test_a_route_may_be_met_by_either_of_two_scopes(rooms: Rooms) -> None:
    one = await rooms.api(scopes="a:read a:admin b:read")
    routes = f"{one}/routes"
    typed = {"path": "/v1/**", "scopes": "a:read | a:admin, b:read"}
    await rooms.do(f"{routes}/new", routes, **typed)
    page = await rooms.text(one)
    assert re.search(
        r"a:read</code>\s*<span class=\"faint\">or</span>\s*<code class=\"tag\">a:admin",
        page,
    )
    assert re.search(r"<span class=\"faint\">and</span>\s*<code class=\"tag\">b:read", page)


async def test_an_api_is_edited_without_losing_what_was_not_touched(rooms: Rooms) -> None:
    limit = {"limits.0.amount": "600", "limits.0.per": "rate:60"}
    roles = "reader = *:read\nnobody ="
    one = await rooms.api(scopes="a:read b:read", roles=roles, **limit)
    await rooms.do(f"{one}/edit", one, name="Weather 2")
    page = await rooms.text(one)
    for kept in (
        "Weather 2",
        "a:read",
        "b:read",
        "reader",
        "*:read",
        "opens nothing",
        "600 times a minute",
        UPSTREAM,
    ):
        assert kept in page


async def test_an_api_is_disabled_enabled_and_deleted(rooms: Rooms) -> None:
    one = await rooms.api()
    assert "No call came in the last hour" in await rooms.text(one)
    await rooms.do(one, f"{one}/disable")
    assert "Disabled" in await rooms.text(one)
    await rooms.do(one, f"{one}/enable")
    assert await rooms.do(one, f"{one}/delete") == f"{rooms.root}/apis"
    await rooms.text(one, 404)


async def test_a_header_for_the_upstream_is_set_replaced_deleted_and_never_shown(
    rooms: Rooms,
) -> None:
    one = await rooms.api()
    headers = f"{one}/headers"
    wrong = await rooms.visitor.submit(f"{headers}/set", headers, name="Host", value="hush")
    assert wrong.status_code == 422
    assert 'id="f-name-problem"' in wrong.text
    assert "hush" not in wrong.text
    for value in ("hush", "hush-hush"):
        await rooms.do(f"{headers}/set", headers, name="X-Internal-Key", value=value)
        page = await rooms.text(one)
        assert "X-Internal-Key" in page
        assert "hush" not in page
    form = await rooms.text(f"{headers}/set?name=X-Internal-Key")
    assert 'value="X-Internal-Key"' in form
    assert "hush" not in form
    assert f"{headers}/delete" in await rooms.text(one)
    await rooms.do(one, f"{headers}/delete")
    assert f"{headers}/delete" not in await rooms.text(one)


async def test_hosts_of_an_api_are_kept_and_shown(rooms: Rooms) -> None:
    typed = {"hosts": "api.example.com/v1\n*.example.org", "prefix": "keep"}
    one = await rooms.api(**typed)
    await rooms.do(f"{one}/edit", one, name="Weather 2")
    page = await rooms.text(one)
    for kept in ("api.example.com", "*.example.org", "goes to the upstream too"):
        assert kept in page
    refused = await rooms.visitor.submit(f"{one}/edit", one, hosts="A.example.com")
    assert refused.status_code == 422
    assert "A.example.com is no host" in refused.text


async def test_routes_come_and_go(rooms: Rooms) -> None:
    one = await rooms.api(scopes="a:read")
    routes = f"{one}/routes"
    wrong = await rooms.visitor.submit(f"{routes}/new", routes, path="x", scopes="b:read")
    assert wrong.status_code == 422
    assert 'id="f-path-problem"' in wrong.text
    assert "b:read is not a scope of the API" in wrong.text
    await rooms.do(f"{routes}/new", routes, path="/v1/**", scopes="a:read", cost="3")
    found = re.search(rf"{routes}/(rte_\w+)", await rooms.text(one))
    assert found
    limit = {"limits.0.amount": "7", "limits.0.per": "quota:day"}
    await rooms.do(found[0], found[0], path="/v2/**", **limit)
    assert "/v2/**" in await rooms.text(one)
    await rooms.do(found[0], found[0], cost="4")
    assert 'value="7"' in await rooms.text(found[0])
    await rooms.do(one, f"{found[0]}/delete")
    assert "/v2/**" not in await rooms.text(one)


async def test_applications_come_are_switched_off_and_go(rooms: Rooms) -> None:
    path = f"{rooms.root}/applications"
    assert (await rooms.visitor.submit(f"{path}/new", path, name="")).status_code == 422
    one = await rooms.do(f"{path}/new", path, name="Planner", purpose="Trips")
    await rooms.do(f"{one}/edit", one, name="Trip planner", external_id="c-1")
    page = await rooms.text(one)
    assert "Trip planner" in page
    assert "c-1" in page
    await rooms.do(one, f"{one}/disable")
    assert "Disabled" in await rooms.text(path)
    await rooms.do(one, f"{one}/enable")
    await rooms.do(one, f"{one}/delete")
    await rooms.text(one, 404)


async def test_the_keys_of_an_application_share_its_limits(rooms: Rooms) -> None:
    path = f"{rooms.root}/applications"
    limit = {"limits.0.amount": "600", "limits.0.per": "rate:60"}
    one = await rooms.do(f"{path}/new", path, name="Planner", **limit)
    assert "600 times a minute" in await rooms.text(one)
    await rooms.do(f"{one}/edit", one, name="Trip planner")
    assert "600 times a minute" in await rooms.text(one)
    wrong = await rooms.visitor.submit(f"{one}/edit", one, **{"limits.0.amount": "x"})
    assert wrong.status_code == 422
    assert 'value="x"' in wrong.text
    more = await rooms.visitor.submit(f"{one}/edit", one, more="1")
    assert more.status_code == 200
    await rooms.do(f"{one}/edit", one, **{"limits.0.amount": "", "limits.0.name": ""})
    assert "600 times a minute" not in await rooms.text(one)


async def test_an_application_is_linked_to_a_customer_by_its_name(
    rooms: Rooms, office: Office
) -> None:
    project, organization = rooms.root.split("/")[1], rooms.home.strip("/")
    grant = GrantRecord(
        Resource.ORGANIZATION, organization, organization, None, frozenset("*")
    )
    office.write(
        Actor("usr_test", organization, (grant,)),
        lambda work: create_customer(
            work, external_id="crm-4711", project=project, fields={"name": "Globex"}
        ),
    )
    path = f"{rooms.root}/applications"
    wrong = await rooms.visitor.submit(f"{path}/new", path, name="x", customer="crm-1")
    assert wrong.status_code == 422
    assert 'id="f-customer-problem"' in wrong.text
    one = await rooms.do(f"{path}/new", path, name="Planner", customer="crm-4711")
    assert "Globex" in await rooms.text(one)
    await rooms.do(f"{one}/edit", one, name="Trip planner")
    assert "Globex" in await rooms.text(one)
    await rooms.do(f"{one}/edit", one, customer="")
    assert "Globex" not in await rooms.text(one)


async def test_the_keys_of_an_organization_share_its_limits(rooms: Rooms) -> None:
    path = f"{rooms.home}/settings"
    act = f"{path}/limits"
    limit = {"limits.0.amount": "9000", "limits.0.per": "quota:month"}
    await rooms.do(path, act, **limit)
    assert 'value="9,000"' in await rooms.text(path)
    wrong = await rooms.visitor.submit(path, act, **{"limits.0.amount": "x"})
    assert wrong.status_code == 422
    assert 'id="f-limits-0-amount-problem"' in wrong.text
    more = await rooms.visitor.submit(path, act, more="1")
    assert more.status_code == 200
    await rooms.do(path, path, name="Acme")
    assert 'value="9,000"' in await rooms.text(path)


async def test_projects_come_are_renamed_and_go_when_they_are_empty(rooms: Rooms) -> None:
    await rooms.api()
    path = f"{rooms.home}/projects"
    made = await rooms.do(f"{path}/new", path, name="Maps")
    id = made.split("/")[1]
    await rooms.do(f"{path}/{id}/edit", f"{path}/{id}/edit", name="Atlas")
    await rooms.do(path, f"{path}/{id}/disable")
    await rooms.do(path, f"{path}/{id}/enable")
    await rooms.do(path, f"{path}/{id}/delete")
    assert "Atlas" not in await rooms.text(path)
    full = rooms.root.split("/")[1]
    refused = await rooms.visitor.submit(path, f"{path}/{full}/delete")
    assert refused.status_code == 409
    assert "still holds an Api" in refused.text


async def test_the_organization_is_renamed_and_its_audit_tells_so(rooms: Rooms) -> None:
    path = f"{rooms.home}/settings"
    await rooms.do(path, path, name="Acme")
    assert "Acme" in await rooms.text(path)
    audit = await rooms.text(f"{path}/audit")
    assert "Organization: change" in audit
    assert "Ada&#39;s organization → Acme" in audit


async def test_the_audit_reads_times_within_other_fields_too(rooms: Rooms) -> None:
    """The page is for people: no counts of microseconds."""
    at_us = 1_764_547_200_000_000
    id = rooms.home.removeprefix("/")
    row = AuditRow(
        id=f"aud_{'z' * 22}",
        at=at_us,
        organization_id=id,
        provider_id=id,
        consumer_id=id,
        actor="usr_1",
        action="subscription.change",
        subject="sub_1",
        before={"ends_at": None},
        after={"ends_at": at_us, "overrides": [{"ends_at": at_us}]},
    )
    with rooms.visitor.people.office.rows.writing() as tx:
        tx.insert(row)
    audit = await rooms.text(f"{rooms.home}/settings/audit")
    assert audit.count("1 December 2025, 00:00:00 UTC") >= 2
    assert str(at_us) not in audit


async def test_a_second_organization_is_one_form_away(rooms: Rooms) -> None:
    new = "/organizations/new"
    assert (await rooms.visitor.submit(new, name=" ")).status_code == 422
    place = await rooms.do(new, new, name="Umbrella")
    assert "Umbrella" in await rooms.text(place)


async def test_a_call_that_cannot_be_sent_is_told_and_its_key_is_not(rooms: Rooms) -> None:
    one = await rooms.api()
    typed = {"path": "//evil.example", "secret": "a-key-to-hide"}
    refused = await rooms.visitor.submit(one, f"{one}/try", **typed)
    assert refused.status_code == 422
    assert "The path is no path" in refused.text
    assert "a-key-to-hide" not in refused.text


async def test_members_are_invited_and_the_last_owner_stays(rooms: Rooms) -> None:
    path = f"{rooms.home}/members"
    invite = f"{path}/invite"
    wrong = await rooms.visitor.submit(invite, email="nobody", role="viewer")
    assert wrong.status_code == 422
    await rooms.do(invite, invite, email="grace@example.com", role="viewer")
    assert rooms.visitor.mailed("/invitations/")
    page = await rooms.text(path)
    withdraw = re.search(rf"{path}/invitations/inv_\w+/withdraw", page)
    me = re.search(rf"{path}/usr_\w+/", page)
    assert withdraw
    assert me
    await rooms.do(path, withdraw[0])
    assert "grace@example.com" not in await rooms.text(path)
    assert f"{me[0]}remove" not in page, "a button that can only fail"
    (form, *_) = [one for one in forms_of(page) if one.action == f"{me[0]}role"]
    for act in ("remove", "role"):
        sent = {**form.sent, "role": "viewer"}
        refused = await rooms.visitor.client.post(f"{me[0]}{act}", data=sent)
        assert refused.status_code == 422
        assert "is the last owner" in refused.text


async def test_a_viewer_sees_no_button_that_is_not_for_viewers(
    rooms: Rooms, visitor: Visitor, office: Office
) -> None:
    one = await rooms.api()
    path = f"{rooms.home}/members"
    grace = Visitor(office)
    await enter(grace, "grace@example.com")
    await rooms.do(
        f"{path}/invite", f"{path}/invite", email="grace@example.com", role="viewer"
    )
    offer = visitor.mailed("/invitations/")
    assert (await grace.submit(offer)).status_code == 303
    seen = Rooms(grace, rooms.root.split("/")[1], rooms.home[1:])
    for place in (one, f"{seen.root}/apis", f"{seen.root}/applications", path):
        page = await seen.text(place)
        forms = set(re.findall(r'action="([^"]+)"', page))
        leave = {form for form in forms if place == path and form.endswith("/remove")}
        assert len(leave) == (place == path), "one may go, and send nobody away"
        assert forms - leave <= {"/logout", f"{one}/try", f"{seen.root}/find"}, place
    for form in (f"{seen.root}/apis/new", f"{one}/edit", f"{path}/invite"):
        await seen.text(form, 403)
    (leave_it,) = leave
    where = await seen.do(path, leave_it)
    home = await grace.get(where)
    assert home.headers["location"].endswith("/overview"), "their own is left to them"
    await seen.text(path, 404)
    await rooms.text(path)  # the toast of the invitation is on it
    assert "grace@example.com" not in await rooms.text(path)
    await grace.client.aclose()

"""Members and invitations over the API."""

import re

from keyhouse.core.entities import Role
from keyhouse.services.members import accept_invitation
from tests.doors.api.conftest import House, Tenant


async def test_a_member_is_listed_changed_and_removed(house: House, tenant: Tenant) -> None:
    id = tenant.member(house, Role.VIEWER)
    told = (await tenant.client.get("/v1/members")).json()["data"]
    assert {one["role"] for one in told} == {"owner", "viewer"}
    assert set(told[0]) == {"id", "email", "name", "role", "created_at", "updated_at"}
    changed = await tenant.client.patch(f"/v1/members/{id}", json={"role": "admin"})
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    assert (await tenant.client.get(f"/v1/members/{id}")).json() == changed.json()
    assert (await tenant.client.delete(f"/v1/members/{id}")).status_code == 204
    assert (await tenant.client.get(f"/v1/members/{id}")).status_code == 404


async def test_the_last_owner_stays(tenant: Tenant) -> None:
    (owner,) = (await tenant.client.get("/v1/members")).json()["data"]
    where = f"/v1/members/{owner['id']}"
    for answer in (
        await tenant.client.patch(where, json={"role": "viewer"}),
        await tenant.client.delete(where),
    ):
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "role"
    assert (await tenant.client.get(where)).json()["role"] == "owner"


async def test_a_viewer_may_leave_and_make_nobody_else_go(
    house: House, tenant: Tenant
) -> None:
    id, other = tenant.member(house, Role.VIEWER), tenant.member(house, Role.VIEWER)
    browser = house.browser(id)
    refused = await browser.delete(f"/v1/members/{other}")
    assert (refused.status_code, refused.json()["scopes_missing"]) == (
        403,
        ["members:write"],
    )
    assert (await browser.delete(f"/v1/members/{id}")).status_code == 204
    left = await browser.get("/v1/members")
    assert left.status_code == 403
    told = (await tenant.client.get("/v1/members")).json()["data"]
    assert id not in {one["id"] for one in told}
    assert other in {one["id"] for one in told}


async def test_a_key_needs_its_scope_to_end_a_membership(
    house: House, tenant: Tenant
) -> None:
    document = house.app.openapi()["paths"]["/v1/members/{id}"]["delete"]
    assert {"managementKey": ["members:write"]} in document["security"]
    assert {"session": []} in document["security"]


async def test_only_owners_make_owners(house: House, tenant: Tenant) -> None:
    id, admin = tenant.member(house, Role.VIEWER), tenant.member(house, Role.ADMIN)
    browser = house.browser(admin)
    answer = await browser.patch(f"/v1/members/{id}", json={"role": "owner"})
    assert (answer.status_code, answer.json()["scopes_missing"]) == (403, ["*"])
    body = {"email": "new@example.com", "role": "owner"}
    assert (await browser.post("/v1/invitations", json=body)).status_code == 403


async def test_the_link_of_an_invitation_is_mailed_and_in_no_answer(
    house: House, tenant: Tenant
) -> None:
    body = {"email": "Ada@Example.com", "role": "developer"}
    headers = {"Idempotency-Key": "one"}
    made = await tenant.client.post("/v1/invitations", json=body, headers=headers)
    assert made.status_code == 201
    assert made.json()["state"] == "open"
    (mail,) = house.letters.sent
    assert mail.to == "ada@example.com"
    found = re.search(r"https://keys\.example/invitations/([\w-]+)", mail.text)
    assert found
    listed = await tenant.client.get("/v1/invitations")
    one = await tenant.client.get(made.headers["Location"])
    assert listed.json()["data"] == [one.json()]
    assert all(found[1] not in answer.text for answer in (made, listed, one))
    again = await tenant.client.post("/v1/invitations", json=body, headers=headers)
    assert again.json() == made.json()
    assert len(house.letters.sent) == 1, "a repeat must not mail again"


async def test_an_accepted_invitation_lets_in_what_it_offers(
    house: House, tenant: Tenant
) -> None:
    other = house.tenant("Other")
    person = other.member(house, Role.VIEWER)
    await tenant.make("/v1/invitations", email="a@example.com", role="developer")
    token = house.letters.sent[0].text.split("/invitations/")[1].split()[0]
    browser = house.browser(person, **{"Keyhouse-Organization": tenant.organization})
    assert (await browser.get("/v1/keys")).status_code == 403
    accept_invitation(house.office, token, person)
    assert (await browser.get("/v1/keys")).status_code == 200
    (told,) = (await browser.get("/v1/invitations")).json()["data"]
    assert told["state"] == "accepted"


async def test_a_withdrawn_invitation_is_gone(house: House, tenant: Tenant) -> None:
    made = await tenant.make("/v1/invitations", email="a@example.com", role="viewer")
    where = f"/v1/invitations/{made['id']}"
    assert (await tenant.client.delete(where)).status_code == 204
    assert (await tenant.client.get(where)).json()["state"] == "withdrawn"
    assert (await tenant.client.delete(where)).status_code == 404


async def test_wrong_values_are_named(tenant: Tenant) -> None:
    for body, field in (
        ({"email": "nobody", "role": "viewer"}, "email"),
        ({"email": "a@example.com", "role": "emperor"}, "role"),
        ({"role": "viewer"}, "email"),
    ):
        answer = await tenant.client.post("/v1/invitations", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field

"""A tenant that has one of everything."""

from tests.doors.api.conftest import Tenant


async def furnish(tenant: Tenant, slug: str = "weather") -> dict[str, str]:
    """One of each; their ids by the kind's name in paths. The tenant's client is closed."""
    api = await tenant.weather(slug)
    route = await tenant.make(f"/v1/apis/{slug}/routes", method="GET", path="/a")
    key = await tenant.key(access=[{"api": slug}])
    (owner,) = (await tenant.client.get("/v1/members")).json()["data"]
    to = {"email": "ada@example.com", "role": "viewer"}
    opened = [{"api": slug}]
    plan = await tenant.make("/v1/plans", slug="basic", access=opened)
    joined = {"plan": plan["id"], "application": key["application"]}
    subscription = await tenant.make("/v1/subscriptions", **joined)
    customer = await tenant.make("/v1/customers", external_id="crm-1")
    granted = {"amount": 5, "kind": "grant"}
    credit = await tenant.make(f"/v1/customers/{customer['id']}/credits", **granted)
    invitation = await tenant.make("/v1/invitations", **to)
    (secret,) = (await tenant.client.get(f"/v1/keys/{key['id']}/secrets")).json()["data"]
    hook = await tenant.make("/v1/webhooks", url="https://127.0.0.1:9", events=["*"])
    tested = await tenant.client.post(f"/v1/webhooks/{hook['id']}/test")
    begun = await tenant.make("/v1/imports", format="csv")
    await tenant.client.aclose()
    return {
        "webhooks": hook["id"],
        "delivery": tested.json()["id"],
        "secret_id": secret["id"],
        "members": owner["id"],
        "invitations": invitation["id"],
        "organizations": tenant.organization,
        "projects": tenant.project,
        "apis": api["slug"],
        "route": route["id"],
        "name": "X-Internal-Key",
        "applications": key["application"],
        "customers": customer["id"],
        "credit": credit["id"],
        "plans": plan["id"],
        "subscriptions": subscription["id"],
        "keys": key["id"],
        "imports": begun["id"],
        "seq": "1",
    }

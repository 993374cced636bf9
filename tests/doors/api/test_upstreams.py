"""Private upstreams through the management API, where strangers may have tenants."""

from dataclasses import replace

from keyhouse.services.placing import Placing
from tests.doors.api.conftest import House

PRIVATE = {"test": "http://10.0.0.1"}


async def test_private_upstreams_are_for_the_operator_alone(house: House) -> None:
    """An API that had one before keeps it in its row; the gateway will not go there."""
    operator, other = house.tenant("Operator"), house.tenant("Other")
    kept = await other.make("/v1/apis", slug="kept", upstreams=PRIVATE)
    own = (await operator.client.get("/v1/organizations")).json()["data"][0]["id"]
    placing = Placing(upstream_private=False, upstream_private_for=frozenset((own,)))
    house.app.state.office = replace(house.office, placing=placing)
    await operator.make("/v1/apis", slug="mine", upstreams=PRIVATE)
    body = {"slug": "theirs", "upstreams": PRIVATE}
    refused = await other.client.post("/v1/apis", json=body)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["field"], error["reason"]) == ("upstreams.test", "is a private address")
    assert "internet" in error["mend"]
    changed = await other.client.patch("/v1/apis/kept", json={"upstreams": PRIVATE})
    assert changed.status_code == 422
    renamed = await other.client.patch("/v1/apis/kept", json={"name": "Kept"})
    assert renamed.json()["upstreams"] == kept["upstreams"] == PRIVATE
    await other.make("/v1/apis", slug="public", upstreams={"test": "https://8.8.8.8"})

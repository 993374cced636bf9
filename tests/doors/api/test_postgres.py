"""What PostgreSQL does differently, seen through the management API."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from keyhouse.adapters.database import open_database, upgrade
from keyhouse.services.work import Office
from tests.doors.api.conftest import House
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = PostgresServer()
    name = server.create()
    upgrade(server.url(name))
    yield server.url(name)
    server.stop()


@pytest.fixture
async def on_postgres(url: str, office: Office) -> AsyncIterator[House]:
    database = open_database(url)
    made = House(replace(office, rows=database.rows, reports=database.reports), database)
    yield made
    await made.close()
    database.dispose()


async def test_equal_posts_at_the_same_time_make_one_key(on_postgres: House) -> None:
    """Writers do not wait for each other there, until they meet at the claim."""
    tenant = on_postgres.tenant()
    await tenant.weather("race")
    body = {"name": "Planner", "access": [{"api": "race"}]}
    for number in range(5):
        headers = {"Idempotency-Key": f"race-{number}"}
        answers = await asyncio.gather(
            *(tenant.client.post("/v1/keys", json=body, headers=headers) for _ in range(6))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum(answer.json()["secret"] is not None for answer in answers) == 1


async def test_life_of_a_key_and_its_reports(on_postgres: House) -> None:
    tenant = on_postgres.tenant()
    await tenant.weather("life")
    key = await tenant.key(access=[{"api": "life"}], metadata={"a": "ü"})
    at = f"/v1/keys/{key['id']}"
    for verb in ("disable", "enable", "revoke"):
        assert (await tenant.client.post(f"{at}/{verb}")).status_code == 200
    told = (await tenant.client.get(at)).json()
    assert told["state"] == "revoked"
    assert told["metadata"] == {"a": "ü"}
    for path in ("/v1/keys?name=PLAN&api=life", "/v1/usage", "/v1/requests", "/v1/audit"):
        assert (await tenant.client.get(path)).status_code == 200, path


@pytest.mark.parametrize("part", ["%00", "key_%00", "%F0%9F%94%91", "%FF", "a" * 3000])
async def test_ids_that_are_none_are_a_404(on_postgres: House, part: str) -> None:
    """PostgreSQL takes no NUL: it must not come that far."""
    tenant = on_postgres.tenant()
    for kind in ("keys", "apis", "applications", "customers", "projects", "organizations"):
        answer = await tenant.client.get(f"/v1/{kind}/{part}")
        assert answer.status_code == 404, (kind, answer.text)


async def test_unprintable_filters_are_refused(on_postgres: House) -> None:
    tenant = on_postgres.tenant()
    for query in ("keys?api=%00", "audit?actor=%00", "usage?key=%00", "requests?key=%00"):
        answer = await tenant.client.get(f"/v1/{query}")
        assert answer.status_code == 422, (query, answer.text)
    for body in ({"slug": "a1", "project": "\x00"}, {"slug": "a1", "name": "\x00"}):
        assert (await tenant.client.post("/v1/apis", json=body)).status_code == 422
    access = [{"api": "\x00"}]
    key = {"name": "x", "access": access, "application": "\x00"}
    assert (await tenant.client.post("/v1/keys", json=key)).status_code == 422

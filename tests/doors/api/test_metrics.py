"""`/metrics` on the management listener: for whom it is, and what is counted there."""

import json
import re
from collections import Counter

import pytest

from keyhouse.core.entities import Role
from keyhouse.doors.api import Monitoring, build_app
from tests.doors.api.conftest import House, Tenant
from tests.repository.places import ROOT

TEXT = b"keyhouse_ready 1\n"
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Watched:
    """An API that shows metrics to the organizations in `admitted`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.admitted: set[str] = set()
        self.answered: Counter[tuple[str, str]] = Counter()
        shown = Monitoring(lambda: TEXT, TYPE, self.admitted.__contains__, self._answered)
        house.app = build_app(
            house.office,
            house.people,
            house._authenticate,
            house.database.nodes,
            shown,
        )

    def _answered(self, operation: str, status: str) -> None:
        self.answered[operation, status] += 1


@pytest.fixture
async def watched(house: House) -> Watched:
    return Watched(house)


async def _reader(tenant: Tenant, *scopes: str) -> str:
    held = {"organization": tenant.organization, "scopes": list(scopes)}
    made = await tenant.key(kind="management", access=[held])
    return str(made["secret"])


async def test_a_key_with_the_scope_reads_them(watched: Watched) -> None:
    tenant = watched.house.tenant()
    watched.admitted.add(tenant.organization)
    reader = watched.house.client(await _reader(tenant, "metrics:read"))
    answer = await reader.get("/metrics")
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["Content-Type"] == TYPE
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_key_of_the_docs_can_be_made_wherever_there_are_projects(
    watched: Watched,
) -> None:
    """The example in docs/how-to/monitor.md, with ids in the places of its own."""
    tenant = watched.house.tenant()
    watched.admitted.add(tenant.organization)
    await tenant.make("/v1/projects", name="Another")
    page = (ROOT / "docs" / "how-to" / "monitor.md").read_text("utf-8")
    (told,) = re.findall(r"^curl[^`]*/v1/keys[^`]* -d '([^']+)'$", page, re.MULTILINE)
    ids = {"org_…": tenant.organization, "prj_…": tenant.project}
    for written, real in ids.items():
        told = told.replace(written, real)
    made = await tenant.client.post("/v1/keys", json=json.loads(told))
    assert made.status_code == 201, made.text
    reader = watched.house.client(made.json()["secret"])
    assert (await reader.get("/metrics")).content == TEXT


async def test_nobody_else_does(watched: Watched) -> None:
    """They tell of all tenants together."""
    house = watched.house
    tenant, other = house.tenant("Ours"), house.tenant("Theirs")
    watched.admitted.add(tenant.organization)
    project = {"project": tenant.project, "scopes": ["metrics:read"]}
    narrow = await tenant.key(kind="management", access=[project])
    viewer = house.browser(tenant.member(house, Role.VIEWER))
    refused = {
        "without the scope": house.client(await _reader(tenant, "usage:read")),
        "for one project": house.client(narrow["secret"]),
        "a tenant": other.client,
        "a tenant's own key": house.client(await _reader(other, "metrics:read")),
        "a viewer": viewer,
    }
    for who, client in refused.items():
        answer = await client.get("/metrics")
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), who
    assert (await house.client(None).get("/metrics")).status_code == 401
    guessed = house.client("kh_mk_" + "0" * 36)
    assert (await guessed.get("/metrics")).status_code == 401


async def test_it_is_no_operation_for_clients(watched: Watched) -> None:
    assert "/metrics" not in watched.house.app.openapi()["paths"]


async def test_answers_are_counted_by_operation_and_status(watched: Watched) -> None:
    """And by nothing that a caller can make up: a chart of made-up paths has no end."""
    tenant = watched.house.tenant()
    await tenant.client.get("/v1/keys")
    await tenant.client.get("/v1/keys/key_nowhere")
    await tenant.client.get("/v1/made-up")
    await watched.house.client(None).get("/v1/keys")
    assert watched.answered == {
        ("list_keys", "200"): 1,
        ("get_key", "404"): 1,
        ("none", "404"): 1,
        ("none", "401"): 1,
    }

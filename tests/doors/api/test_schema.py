"""Requests made up from the OpenAPI document: nothing breaks, nothing is untold."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from keyhouse.adapters.database import Database
from keyhouse.doors.api import serve
from keyhouse.services.work import Office
from tests.doors.api.conftest import House, Tenant

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def served(office: Office, database: Database) -> Iterator[tuple[str, House]]:
    """The API on a real port, in a thread with a loop of its own."""
    house = House(office, database)
    sock = socket.create_server(("127.0.0.1", 0))
    host, port = sock.getsockname()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(serve(house.app, sock, stop))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://{host}:{port}", house
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    assert not thread.is_alive()


async def _furnish(tenant: Tenant) -> dict[str, str]:
    api = await tenant.weather()
    route = await tenant.make("/v1/apis/weather/routes", method="GET", path="/a")
    key = await tenant.key()
    (owner,) = (await tenant.client.get("/v1/members")).json()["data"]
    to = {"email": "ada@example.com", "role": "viewer"}
    opened = [{"api": "weather"}]
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


BOUNDED = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def _try(operation: Any, mode: Any, secret: str, known: dict[str, str] | None) -> None:
    """A few requests of one operation; `known` are ids that exist."""

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        if known is not None:
            case.path_parameters = {name: known[name] for name in case.path_parameters}
            # A made-up tag fits nothing, and would keep every change away.
            case.headers.pop("If-Match", None)
        # Two different keys in one request are a 400 before all else.
        case.headers.pop("X-API-Key", None)
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)

    send()


def test_made_up_requests_get_documented_answers(served: tuple[str, House]) -> None:
    """No 5xx, no untold status, type or shape, with ids that exist and that do not."""
    url, house = served
    tenant = house.tenant()
    ids = asyncio.run(_furnish(tenant))
    schema = schemathesis.openapi.from_dict(house.app.openapi())
    schema.config.update(base_url=url)
    tried = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr] # fails on an Err
        kind = operation.path.split("/")[2] if operation.path.count("/") > 1 else ""
        known = {**ids, "id": ids.get(kind, "")}
        _try(operation, GenerationMode.POSITIVE, tenant.secret, None)
        if "{" in operation.path:
            _try(operation, GenerationMode.POSITIVE, tenant.secret, known)
        if operation.body or operation.query:
            _try(operation, GenerationMode.NEGATIVE, tenant.secret, None)
        tried += 1
    assert tried > 30

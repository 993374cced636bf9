"""Requests made up from the OpenAPI document: nothing breaks, nothing is untold."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.doors.api.conftest import House
from tests.doors.api.furnishing import furnish
from tests.doors.api.on_a_port import CHECKS, on_a_port

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


def test_made_up_requests_get_documented_answers(
    office: Office, database: Database
) -> None:
    """No 5xx, no untold status, type or shape, with ids that exist and that do not."""
    house = House(office, database)
    with on_a_port(house) as url:
        _try_all(house, url)


def _try_all(house: House, url: str) -> None:
    tenant = house.tenant()
    ids = asyncio.run(furnish(tenant))
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

"""The files themselves: their form, and that they hold what they promise."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from keyhouse.core import entities as rows
from keyhouse.core import validation
from keyhouse.core.keyring import KeyringState, Pepper
from keyhouse.core.verdict import Verdict
from tests.vectors import reading
from tests.vectors.filling import Filling
from tests.vectors.telling import OUTCOMES

CASES = list(reading.all_cases())
PEPPER = Pepper("p1", KeyringState.ACTIVE, bytes(32))
LIMITED: tuple[type[Any], ...] = (
    rows.Organization,
    rows.Application,
    rows.Customer,
    rows.Route,
)
SCHEMA = json.loads(reading.SCHEMA.read_text("utf-8"))
ZONES = {
    limit["zone"]
    for case in CASES
    for owner in ("keys", "apis")
    for row in case.world[owner].values()
    for limit in row.get("limits", [])
    if "zone" in limit
} | {"UTC"}


@pytest.mark.parametrize("path", reading.files(), ids=lambda path: path.stem)
def test_a_file_fits_the_schema(path: Path) -> None:
    jsonschema_rs.validate(SCHEMA, json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_fits_the_schema_with_all_filled_in(case: reading.Case) -> None:
    """So do the lines of tables, whose columns a schema cannot see."""
    steps = [{"request": one.request, "expect": one.expect} for one in case.steps]
    given: dict[str, Any] = {**case.world, "name": case.name, "steps": steps}
    jsonschema_rs.validate({"$ref": "#/$defs/case", "$defs": SCHEMA["$defs"]}, given)


def test_names_are_unique_and_there_are_enough() -> None:
    counted = Counter(case.name for case in CASES)
    assert [name for name, count in counted.items() if count > 1] == []
    assert len(CASES) >= 300


def test_every_outcome_of_a_request_has_a_vector() -> None:
    told = {step.expect["code"] for case in CASES for step in case.steps}
    told |= {
        one["code"]
        for case in CASES
        for step in case.steps
        for one in step.expect.get("at", {}).values()
    }
    assert told <= set(OUTCOMES)
    outside = {
        "unavailable",  # no fault of the request
    }
    assert {verdict.code for verdict in Verdict} - told == outside


@pytest.mark.parametrize("verdict", Verdict)
def test_the_table_of_outcomes_is_that_of_the_verdicts(verdict: Verdict) -> None:
    if verdict.code in OUTCOMES:
        assert OUTCOMES[verdict.code]["status"] == verdict.status


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_holds_only_what_validation_lets_in(case: reading.Case) -> None:
    """So that every installation can be filled with it through the management API."""
    world = Filling(case, PEPPER, "http://127.0.0.1:3000").fill()
    problems = []
    for key in world.all(rows.Key):
        problems += validation.check_restrictions("restrictions", key.restrictions)
        problems += validation.check_limits("limits", key.limits, ZONES.__contains__)
    for api in world.all(rows.Api):
        problems += validation.check_slug("slug", api.slug)
        problems += validation.check_upstreams("upstreams", api.upstreams)
        problems += validation.check_limits("limits", api.limits, ZONES.__contains__)
        problems += validation.check_api_roles("roles", api.roles, api.scopes)
        problems += validation.check_cors_origins("cors_origins", api.cors_origins)
        problems += validation.check_hosts("hosts", api.hosts, ())
    for access in world.all(rows.Access):
        problems += validation.check_scopes("scopes", access.scopes)
    for limits in (row.limits for kind in LIMITED for row in world.all(kind)):
        problems += validation.check_limits("limits", limits, ZONES.__contains__)
    for route in world.all(rows.Route):
        scopes = next(a.scopes for a in world.all(rows.Api) if a.id == route.api_id)
        problems += validation.check_route(
            route.method, route.path, route.scopes, route.cost, scopes
        )
    assert problems == []

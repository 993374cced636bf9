"""The vectors hold for core: the same requests come to the same at every door."""

from collections import defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core import entities as rows
from keyhouse.core import validation
from keyhouse.core.compilation import (
    compile_api,
    compile_application,
    compile_key,
    compile_line,
    compile_organization,
    compile_project,
)
from keyhouse.core.decide import decide
from keyhouse.core.decision import Balance, Decision
from keyhouse.core.limits import take
from keyhouse.core.quotas import Span, span_of
from keyhouse.core.records import Line
from keyhouse.core.secret import digest, is_well_formed
from keyhouse.core.verdict import Verdict
from tests.vectors import reading

PEPPER = bytes(32)
WORLD = reading.world("p1", PEPPER)
CASES = dict(reading.cases())


def line_of(secret: bytes, slug: str) -> Line | None:
    """The way from a secret to an API, compiled afresh."""
    hashed = digest(secret, PEPPER)
    found = [one for one in WORLD.all(rows.SecretRow) if one.digest == hashed]
    if not found:
        return None
    by_id = {row.id: row for table in WORLD.tables.values() for row in table}
    row = by_id[found[0].key_id]
    access = [one for one in WORLD.all(rows.Access) if one.key_id == row.id]
    secrets = [one for one in WORLD.all(rows.SecretRow) if one.key_id == row.id]
    key = compile_key(row, access, secrets, ZoneInfo)
    api = next(one for one in WORLD.all(rows.Api) if one.slug == slug)
    routes = [one for one in WORLD.all(rows.Route) if one.api_id == api.id]
    return compile_line(
        key.secrets[found[0].id],
        key,
        compile_application(by_id[row.application_id]),
        compile_api(api, routes, ZoneInfo),
        owners=[
            compile_organization(by_id[row.organization_id]),
            compile_project(by_id[row.project_id]),
        ],
        providers=[
            compile_organization(by_id[api.organization_id]),
            compile_project(by_id[api.project_id]),
        ],
    )


@dataclass
class Counters:
    """What was spent: all of a request's limits are met, or none is touched."""

    tats: dict[str, int] = field(default_factory=dict)
    used: dict[tuple[str, Span], int] = field(default_factory=lambda: defaultdict(int))

    def spend(self, line: Line, units: int, now_us: int) -> Decision:
        spans = [(use, span_of(use.quota, now_us)) for use in line.quotas]
        left = [use.quota.amount - self.used[use.token, span] for use, span in spans]
        decision = Decision(Verdict.VALID, now_us, line)
        if any(units > one for one in left):
            decision.verdict, units = Verdict.QUOTA_EXCEEDED, 0
            decision.retry_us = max(span.end_us for _, span in spans) - now_us
        else:
            taken = tuple(
                take(limit, self.tats.get(name, 0), units, now_us)
                for name, limit in line.rates
            )
            refused = [one.retry_us for one in taken if not one.allowed]
            if refused:
                known = [one for one in refused if one is not None]
                decision.retry_us = max(known) if len(known) == len(refused) else None
                decision.verdict, units = Verdict.RATE_LIMITED, 0
                taken = tuple(
                    take(limit, self.tats.get(name, 0), 0, now_us)
                    for name, limit in line.rates
                )
            decision.taken = taken
            self.tats |= {
                use.counter: one.tat_us for use, one in zip(line.rates, taken, strict=True)
            }
        for use, span in spans:
            self.used[use.token, span] += units
        decision.balances = tuple(
            Balance(use.quota.amount - self.used[use.token, span], span.end_us)
            for use, span in spans
        )
        decision.units = units
        return decision


def ask(step: reading.Step, counters: Counters) -> Decision:
    request, refusal = reading.request(step, WORLD.secrets)
    if refusal is not None or request.secret is None:
        return Decision(refusal or Verdict.MISSING, step.at_us)
    if not is_well_formed(request.secret):
        return Decision(Verdict.MALFORMED, step.at_us)
    line = line_of(request.secret, request.api)
    if line is None:
        return Decision(Verdict.UNKNOWN, step.at_us)
    passed = decide(line, request, step.at_us)
    if passed.verdict is not Verdict.VALID:
        decision = Decision(passed.verdict, step.at_us, line)
    else:
        decision = counters.spend(line, passed.units, step.at_us)
    decision.route_id, decision.scopes_missing = passed.route_id, passed.scopes_missing
    return decision


@pytest.mark.parametrize("name", CASES)
def test_core_agrees(name: str) -> None:
    counters = Counters()
    for number, step in enumerate(CASES[name], 1):
        decision, expect = ask(step, counters), step.expect
        where = f"step {number}: {step.request}"
        assert decision.code == expect["verdict"], where
        assert decision.units == expect["units"], where
        assert decision.route_id == expect.get("route_id", ""), where
        assert list(decision.scopes_missing) == expect.get("scopes_missing", []), where
        assert decision.retry_us == expect.get("retry_us"), where
        remaining = {state.name: state.remaining for state in decision.limits}
        told = expect.get("remaining", {})
        assert {limit: remaining.get(limit) for limit in told} == told, where


def test_every_outcome_that_core_gives_has_a_vector() -> None:
    told = {step.expect["verdict"] for steps in CASES.values() for step in steps}
    outside = {
        "unavailable",  # no fault of the request
        "credits_exhausted",
        "app_not_allowed",
        "subscription_inactive",
        "tls_required",
        "browser_not_allowed",
    }
    assert told == {verdict.code for verdict in Verdict} - outside
    assert len(CASES) >= 60


def test_the_vectors_hold_only_what_validation_lets_in() -> None:
    """So that every door can be filled with them through the management API."""
    zones = {"UTC", "Asia/Kolkata", "Europe/Berlin"}
    zones |= {"America/Sao_Paulo", "Australia/Lord_Howe"}
    problems = []
    for key in WORLD.all(rows.Key):
        problems += validation.check_restrictions("restrictions", key.restrictions)
        problems += validation.check_limits("limits", key.limits, zones.__contains__)
    for api in WORLD.all(rows.Api):
        problems += validation.check_slug("slug", api.slug)
        problems += validation.check_upstreams("upstreams", api.upstreams)
        problems += validation.check_limits("limits", api.limits, zones.__contains__)
    for route in WORLD.all(rows.Route):
        scopes = next(a.scopes for a in WORLD.all(rows.Api) if a.id == route.api_id)
        problems += validation.check_route(
            route.method, route.path, route.scopes, route.cost, scopes
        )
    assert problems == []


def test_no_two_cases_meet_the_same_limit() -> None:
    """So that they may be run on one database, whose budgets nobody resets."""
    met: dict[str, set[str]] = defaultdict(set)
    for name, steps in CASES.items():
        for step in steps:
            request, refusal = reading.request(step, WORLD.secrets)
            line = line_of(request.secret, request.api) if request.secret else None
            if line is not None and refusal is None and line.grant is not None:
                for token in [u.token for u in line.quotas] + [
                    r.counter for r in line.rates
                ]:
                    met[token].add(name)
    assert {token: names for token, names in met.items() if len(names) > 1} == {}

"""The vectors hold for the core: pure code, and no door around it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core import entities as rows
from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.compilation import (
    compile_api,
    compile_application,
    compile_customer,
    compile_key,
    compile_line,
    compile_organization,
    compile_project,
)
from keyhouse.core.credentials import Chosen, choose
from keyhouse.core.decide import decide
from keyhouse.core.decision import Decision
from keyhouse.core.keyring import KeyringState, Pepper
from keyhouse.core.limits import left_of, take
from keyhouse.core.plan_records import Subscribed
from keyhouse.core.plans import compile_subscribed
from keyhouse.core.quotas import Span, span_of
from keyhouse.core.records import Line
from keyhouse.core.request import Request
from keyhouse.core.secret import digest, is_well_formed
from keyhouse.core.transport import transport_refusal
from keyhouse.core.verdict import Verdict
from tests.vectors import asking, reading, telling
from tests.vectors.filling import Filling, World

PEPPER = Pepper("p1", KeyringState.ACTIVE, bytes(32))
CASES = reading.cases("core")


def line_of(world: World, secret: bytes, api_name: str) -> Line | None:
    """The way from a secret to an API, compiled afresh."""
    hashed = digest(secret, PEPPER.key)
    found = [one for one in world.all(rows.SecretRow) if one.digest == hashed]
    if not found:
        return None
    by_id = {row.id: row for row in world.rows}
    row = by_id[found[0].key_id]
    access = [one for one in world.all(rows.Access) if one.key_id == row.id]
    secrets = [one for one in world.all(rows.SecretRow) if one.key_id == row.id]
    key = compile_key(row, access, secrets, ZoneInfo)
    api = world.get(rows.Api, api_name)
    routes = [one for one in world.all(rows.Route) if one.api_id == api.id]
    links = world.all(rows.ApplicationCustomer)
    opened = world.all(rows.SubscriptionApi)
    application = compile_application(by_id[row.application_id], ZoneInfo, links, opened)
    customer_id = application.customers.get(api.organization_id)
    return compile_line(
        next(one for one in key.secrets if one.id == found[0].id),
        key,
        application,
        compile_api(api, routes, ZoneInfo),
        owners=[
            compile_organization(by_id[row.organization_id], ZoneInfo),
            compile_project(by_id[row.project_id]),
        ],
        providers=[
            compile_organization(by_id[api.organization_id], ZoneInfo),
            compile_project(by_id[api.project_id]),
        ],
        customer=compile_customer(by_id[customer_id], ZoneInfo) if customer_id else None,
        subscribed=subscribed(world) if api.id in application.subscriptions else None,
    )


def subscribed(world: World) -> Subscribed:
    """The one subscription of a case."""
    (subscription,) = world.all(rows.Subscription)
    (plan,), (version,) = world.all(rows.Plan), world.all(rows.PlanVersion)
    return compile_subscribed(subscription, plan, version, ZoneInfo)


@dataclass
class Counters:
    """What was spent: all of a request's limits are met, or none is touched."""

    tats: dict[str, int] = field(default_factory=dict)
    used: dict[tuple[str, Span], int] = field(default_factory=lambda: defaultdict(int))

    def spend(self, line: Line, units: int, now_us: int) -> Decision:
        decision = Decision(Verdict.VALID, now_us, line, units=units)
        spans = [(use, span_of(use.quota, now_us)) for use in line.quotas]
        self._quotas(decision, spans)
        if decision.allowed:
            self._rates(decision)
        if not decision.allowed:
            decision.units = 0
        for use, span in spans:
            self.used[use.token, span] += decision.units
        told = [
            (use.quota.amount - self.used[use.token, span], span.end_us - now_us)
            for use, span in spans
        ]
        decision.left += tuple(
            number for left, us in told for number in (left, -(-us // 1_000_000))
        )
        return decision

    def _quotas(self, decision: Decision, spans: list[Any]) -> None:
        units = decision.units
        short = [
            (use.budget.subject_kind, use.quota.amount, span.end_us)
            for use, span in spans
            if units > use.quota.amount - self.used[use.token, span]
        ]
        if "credits" in [kind for kind, _, _ in short]:
            decision.verdict = Verdict.CREDITS_EXHAUSTED
        elif short:
            decision.verdict = Verdict.QUOTA_EXCEEDED
            hopeless = any(units > amount for _, amount, _ in short)
            latest_us = max(end_us for _, _, end_us in short)
            decision.retry_us = None if hopeless else latest_us - decision.at_us

    def _rates(self, decision: Decision) -> None:
        assert decision.line is not None
        rates = decision.line.rates
        taken = self._taken(rates, decision.units, decision.at_us)
        refused = [one.retry_us for one in taken if not one.allowed]
        if refused:
            known = [one for one in refused if one is not None]
            decision.retry_us = max(known) if len(known) == len(refused) else None
            decision.verdict = Verdict.RATE_LIMITED
            taken = self._taken(rates, 0, decision.at_us)
        decision.left = left_of(taken)
        self.tats |= {
            use.counter: one.tat_us for use, one in zip(rates, taken, strict=True)
        }

    def _taken(self, rates: Any, units: int, now_us: int) -> tuple[Any, ...]:
        return tuple(
            take(one, self.tats.get(name, 0), units, now_us) for name, one in rates
        )


def chosen(world: World, request: dict[str, Any]) -> Chosen:
    """The credential, chosen among those that a door would find."""
    api = world.get(rows.Api, request["api"])
    headers = asking.headers_of(world, request)
    parameters = parse_qs(asking.query_of(world, request)[1:], keep_blank_values=True)
    parameter = parameters.get(api.query_parameter or "", [])
    return choose(
        _joined([value for name, value in headers if name == api.key_header]),
        _joined([value for name, value in headers if name == "Authorization"]),
        _joined(parameter),
    )


def _joined(values: list[str]) -> bytes | None:
    return ", ".join(values).encode() if values else None


def asked(request: dict[str, Any], secret: bytes) -> Request:
    """The request as a door builds it."""
    address = request["address"]
    return Request(
        secret,
        request["api"],
        UNKNOWN if address is None else parse_address(address),
        request["method"],
        request["path"],
        request.get("referrer", ""),
        request.get("origin", ""),
        app=request.get("app", ""),
        tls=request.get("tls", False),
        browser=request.get("browser", False) or bool(request.get("origin")),
        environment=request.get("environment"),
        scopes=tuple(request.get("scopes", ())),
        cost=request.get("cost"),
    )


def decided(
    world: World, step: reading.Step, counters: Counters, *, strict: bool
) -> Decision:
    """How it came, credentials, walk, limits."""
    came = transport_refusal(tls=step.request.get("tls", False), require_tls=strict)
    if came is not None:
        return Decision(came, step.at_us)
    secret, refusal, _, key_id, _ = chosen(world, step.request)
    if secret is None:
        return Decision(refusal or Verdict.MISSING, step.at_us)
    if not is_well_formed(secret):
        return Decision(Verdict.MALFORMED, step.at_us)
    line = line_of(world, secret, step.request["api"])
    if line is None:
        return Decision(Verdict.UNKNOWN, step.at_us)
    asks = asked(step.request, secret)
    asks.key_id = key_id
    passed = decide(line, asks, step.at_us)
    if line.on_route is not None:
        line = line.on_route(line, passed.route_id, step.at_us)
    decision = Decision(passed.verdict, step.at_us, line)
    if decision.allowed:
        decision = counters.spend(line, passed.units, step.at_us)
    decision.route_id, decision.scopes_missing = passed.route_id, passed.scopes_missing
    return decision


@pytest.mark.parametrize("name", CASES)
def test_core_agrees(name: str) -> None:
    case, counters = CASES[name], Counters()
    world = Filling(case, PEPPER, "http://127.0.0.1:3000").fill()
    for number, step in enumerate(case.steps, 1):
        strict = case.world["require_tls"]
        decision = decided(world, step, counters, strict=strict)
        expect = step.expected("core")
        where = f"step {number}: {step.request}"
        assert decision.code == expect["code"], where
        assert decision.units == expect.get("units", int(decision.allowed)), where
        if "route" in expect:
            assert decision.route_id == world.ids[expect["route"]], where
        if decision.allowed:
            held = telling.scopes(world, expect, step.request)
            assert sorted(decision.scopes) == held, where
        assert list(decision.scopes_missing) == expect.get("scopes_missing", []), where
        assert decision.retry_us == expect.get("retry_us"), where
        if "left" in expect:
            left = {
                one.name: telling.numbers(one.remaining, one.reset_seconds)
                for one in decision.limits
            }
            assert left == expect["left"], where

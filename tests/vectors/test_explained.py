"""What is explained is what is decided: each vector's refusal is a reason that is told.

No door of its own, for it decides nothing; it must name the verdict all the same.
"""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core import entities as rows
from keyhouse.core.explain import Case, Outcome, Scene, explain, say
from keyhouse.core.explain.limits import HOMES, kind_of
from keyhouse.core.quotas import span_of
from keyhouse.core.secret import digest
from keyhouse.core.verdict import BY_CODE, Verdict
from tests.vectors import reading
from tests.vectors.filling import Filling, World
from tests.vectors.test_core import PEPPER, Counters, asked, chosen, decided

CASES = reading.cases("core")
BEFORE_ANY_KEY = {"conflicting_credentials", "missing", "malformed"}


def case_of(world: World, step: reading.Step, counters: Counters) -> Case | None:
    """The step's request with its key; None where no key is found."""
    secret, _, _, key_id, _ = chosen(world, step.request)
    hashed = digest(secret or b"", PEPPER.key)
    found = [one for one in world.all(rows.SecretRow) if one.digest == hashed]
    if secret is None or not found or key_id not in (None, found[0].key_id):
        return None
    scene = scene_of(world, found[0].key_id, step.request["api"])
    line = scene.line(found[0], ZoneInfo)
    case = Case(
        scene=scene,
        secret=found[0],
        line=line,
        request=asked(step.request, secret),
        now_us=step.at_us,
        spent={},
    )
    spent = {
        use.token: counters.used[use.token, span_of(use.quota, step.at_us)]
        for use in case.met.quotas
    }
    return replace(case, spent=spent)


def scene_of(world: World, key_id: str, api_name: str) -> Scene:
    by_id: dict[str, Any] = {row.id: row for row in world.rows}
    key, api = by_id[key_id], world.get(rows.Api, api_name)
    opened = [one for one in world.all(rows.SubscriptionApi) if one.api_id == api.id]
    subscription = by_id[opened[0].subscription_id] if opened else None
    return Scene(
        key=key,
        access=[one for one in world.all(rows.Access) if one.key_id == key_id],
        secrets=[one for one in world.all(rows.SecretRow) if one.key_id == key_id],
        application=by_id[key.application_id],
        owners=[by_id[key.organization_id], by_id[key.project_id]],
        api=api,
        routes=[one for one in world.all(rows.Route) if one.api_id == api.id],
        providers=[by_id[api.organization_id], by_id[api.project_id]],
        customer=next(
            (
                one
                for one in world.all(rows.Customer)
                if one.organization_id == api.organization_id
            ),
            None,
        ),
        subscription=subscription,
        plan=by_id[subscription.plan_id] if subscription else None,
        version=world.all(rows.PlanVersion)[0] if subscription else None,
    )


@pytest.mark.parametrize("name", CASES)
def test_the_refusal_of_a_vector_is_told(name: str) -> None:
    case, counters = CASES[name], Counters()
    world = Filling(case, PEPPER, "http://127.0.0.1:3000").fill()
    for number, step in enumerate(case.steps, 1):
        asking = case_of(world, step, counters)
        decided(world, step, counters, strict=case.world["require_tls"])
        code = step.expected("core")["code"]
        if code == Verdict.TLS_REQUIRED.code:
            continue  # given before any key is looked at
        if asking is None:
            assert code in BEFORE_ANY_KEY | {"unknown"}
            continue
        line = asking.met
        kinds = {use.budget.subject_kind for use in line.quotas}
        kinds |= {kind_of(use) for use in line.rates}
        assert kinds <= set(HOMES), "a limit whose home is told nowhere"
        told = explain(asking)
        where = f"step {number}: {step.request}"
        if code == Verdict.RATE_LIMITED.code and told.as_told is Verdict.VALID:
            rates = [one for one in told.findings if one.check == "rate"]
            assert {one.outcome for one in rates} == {Outcome.NOT_LOOKED_AT}, where
            continue
        assert told.as_told is BY_CODE[code], where
        refusing = [one for one in told.findings if one.verdict is told.as_told]
        assert all(say(one.found, one.facts) for one in refusing)


def test_most_vectors_have_a_key_to_explain() -> None:
    """Else the test above would pass by looking away."""
    seen = 0
    for case in CASES.values():
        world = Filling(case, PEPPER, "http://127.0.0.1:3000").fill()
        seen += case_of(world, case.steps[0], Counters()) is not None
    assert seen > len(CASES) * 3 / 4

"""Files for an organization, and what comes of them."""

from typing import Any

from keyhouse.services.actor import Actor
from keyhouse.services.declare import (
    Applied,
    Export,
    NewSecret,
    Wish,
    apply,
    export_json,
    export_yaml,
    read_yaml,
    rehearse,
    secrets_of,
)
from keyhouse.services.idempotency import Once, Outcome
from tests.servers.acme import Acme


def shaped(applied: Applied) -> dict[str, Any]:
    plan = applied.plan
    return {
        "complete": applied.is_complete,
        "done": applied.done,
        "steps": [(step.action.value, step.kind.one, step.name) for step in plan.steps],
        "problems": [list(problem) for problem in applied.problems],
    }


def exported(acme: Acme, wish: Export | None = None, actor: Actor | None = None) -> Any:
    """The document, which YAML and JSON tell alike."""
    actor, wish = actor or acme.actor, wish or Export()
    in_yaml = read_yaml("".join(export_yaml(acme.office, actor, wish)))
    in_json = read_yaml("".join(export_json(acme.office, actor, wish)))
    assert in_yaml == in_json
    return in_yaml


def planned(
    acme: Acme, document: Any, *, prune: bool = False, actor: Actor | None = None
) -> Applied:
    return rehearse(acme.office, actor or acme.actor, document, Wish(prune))


def steps_of(applied: Applied) -> list[tuple[str, str, str]]:
    plan = applied.plan
    return [(step.action.value, step.kind.one, step.name) for step in plan.steps]


def done(
    acme: Acme,
    document: Any,
    *,
    prune: bool = False,
    plan: str | None = None,
    key: Once | None = None,
    actor: Actor | None = None,
) -> Outcome:
    wish = Wish(prune, plan)
    return apply(acme.office, actor or acme.actor, document, wish, shaped, key)


def secrets(outcome: Outcome) -> list[NewSecret]:
    return secrets_of(outcome) or []

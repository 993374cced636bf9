"""A scene with everything filled in, so that a test says only what matters to it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from keyhouse.core.entities import (
    Customer,
    PlanVersion,
    Route,
    SecretRow,
    Subscription,
)
from keyhouse.core.explain import Case, Explanation, Finding, Outcome, Scene, explain
from keyhouse.core.request import Request
from keyhouse.core.verdict import Verdict
from tests.core import rows

NOW = 1_760_000_000_000_000


def scene(
    *,
    key: dict[str, Any] | None = None,
    secret: dict[str, Any] | None = None,
    more_secrets: Sequence[SecretRow] = (),
    access: dict[str, Any] | None = None,
    application: dict[str, Any] | None = None,
    organization: dict[str, Any] | None = None,
    project: dict[str, Any] | None = None,
    api: dict[str, Any] | None = None,
    provider: dict[str, Any] | None = None,
    routes: Sequence[Route] = (),
    customer: Customer | None = None,
    subscription: Subscription | None = None,
    version: PlanVersion | None = None,
) -> Scene:
    """The rows of `tests.core.rows`, with some columns changed."""
    home = replace(rows.ORGANIZATION, **(organization or {}))
    return Scene(
        key=replace(rows.KEY, **(key or {})),
        access=[replace(rows.ACCESS, **(access or {}))],
        secrets=[replace(rows.SECRET, **(secret or {})), *more_secrets],
        application=replace(rows.APPLICATION, **(application or {})),
        owners=[home, replace(rows.PROJECT, **(project or {}))],
        api=replace(rows.API, **(api or {})),
        routes=routes,
        providers=[home, replace(rows.PROJECT, **(provider or {}))],
        customer=customer,
        subscription=subscription,
        plan=rows.PLAN if subscription else None,
        version=(version or rows.VERSION) if subscription else None,
    )


def case(at: Scene, request: Request, used: int = 0, then: Verdict | None = None) -> Case:
    """The request with the scene's first secret; `used` of every quota is used."""
    secret = at.secrets[0]
    line = at.line(secret, ZoneInfo)
    made = Case(
        scene=at,
        secret=secret,
        line=line,
        request=request,
        now_us=NOW,
        spent={},
        then=then,
    )
    return replace(made, spent={use.token: used for use in made.met.quotas})


def explained(
    at: Scene, *, used: int = 0, then: Verdict | None = None, **request: Any
) -> Explanation:
    """What is told of a request with the scene's first secret."""
    return explain(case(at, Request(b"x", "webdata", **request), used, then))


def reasons(told: Explanation) -> list[Finding]:
    """What refuses."""
    return [one for one in told.findings if one.outcome is Outcome.REFUSED]

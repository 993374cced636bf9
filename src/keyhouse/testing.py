"""For the tests of programs that use the guard: callers without keys."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from fastapi import FastAPI, Request

from keyhouse.core.decision import Decision
from keyhouse.core.scopes import unmet
from keyhouse.core.verdict import Verdict
from keyhouse.doors.guard.fastapi import Guarded, KeyGuard, answer_refusals, refuse
from keyhouse.doors.guard.principal import ApplicationInfo, Principal

REQUEST_ID = "req_" + "0" * 22


@contextmanager
def allow(
    app: FastAPI,
    guard: KeyGuard,
    *,
    scopes: Iterable[str] = ("*",),
    application: str = "test",
    customer: str | None = None,
    subject: str | None = None,
) -> Iterator[Principal]:
    """Let every request pass the guard as one principal with these scopes.

    A route that needs more scopes answers 403 as it would in earnest. No key,
    no database and no lifespan is needed; what was overridden comes back.
    """
    principal = Principal(
        application=ApplicationInfo(id="app_test", name=application),
        key_id="key_test",
        key_name="test",
        environment="test",
        customer=customer,
        subject=subject,
        scopes=frozenset(scopes),
        request_id=REQUEST_ID,
    )
    before = dict(app.dependency_overrides)
    for guarded in guard.dependencies:
        app.dependency_overrides[guarded] = _granting(guarded, principal)
    try:
        yield principal
    finally:
        app.dependency_overrides.clear()
        app.dependency_overrides.update(before)


def _granting(guarded: Guarded, principal: Principal) -> Callable[[Request], Principal]:
    def grant(request: Request) -> Principal:
        answer_refusals(request)
        missing = unmet(principal.scopes, guarded.scopes)
        if missing:
            decision = Decision(Verdict.SCOPE_MISSING, 0, scopes_missing=missing)
            raise refuse(decision, REQUEST_ID)
        return principal

    return grant

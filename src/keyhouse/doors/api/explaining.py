"""How an explanation is told."""

from keyhouse.core.addresses import format_address
from keyhouse.core.explain import Finding, Outcome, ToldToken, plain_facts, say
from keyhouse.core.request import Request
from keyhouse.core.usage import LogRow
from keyhouse.core.verdict import BY_NUMBER
from keyhouse.doors.api.explain_shapes import (
    AskedOut,
    CheckOut,
    ExplainBody,
    ExplanationOut,
    LoggedOut,
    TokenToldOut,
)
from keyhouse.doors.api.times import format_optional, format_time
from keyhouse.services.explain import Asked, Claims, Explained


def asked_of(body: ExplainBody) -> Asked:
    """The request that a body describes."""
    fields = body.model_dump(exclude={"scopes", "token"})
    token = None if body.token is None else Claims(**body.token.model_dump())
    return Asked(**fields, scopes=tuple(body.scopes), token=token)


def explanation_out(told: Explained) -> ExplanationOut:
    """An explanation, told."""
    explanation = told.explanation
    verdict = explanation.verdict
    return ExplanationOut(
        outcome=explanation.outcome.value,
        verdict=None if verdict is None else verdict.code,
        key=None if told.key is None else told.key.id,
        secret_version=told.secret_version,
        api=told.api.id,
        request=_asked_out(told.request),
        token=None if told.token is None else _token_out(told.token),
        checks=[_check_out(one) for one in explanation.findings],
        logged=None if told.logged is None else _logged_out(told.logged),
        not_kept=list(told.not_kept),
    )


def _check_out(one: Finding) -> CheckOut:
    refuses = one.outcome is Outcome.REFUSED
    return CheckOut(
        check=one.check,
        outcome=one.outcome.value,
        verdict=one.verdict.code if refuses else None,
        found=say(one.found, one.facts),
        facts=plain_facts(one.facts),
        mend=say(one.mend, one.facts) or None,
        place=one.place.value if refuses else None,
    )


def _asked_out(request: Request) -> AskedOut:
    return AskedOut(
        address=format_address(request.address) or None,
        method=request.method,
        path=request.path,
        referrer=request.referrer or None,
        origin=request.origin or None,
        app=request.app or None,
        tls=request.tls,
        environment=request.environment,
        scopes=list(request.scopes),
        cost=request.cost,
    )


def _token_out(told: ToldToken) -> TokenToldOut:
    return TokenToldOut(
        sub=told.subject,
        sid=told.session or None,
        jti=told.id or None,
        aud=told.api_id or None,
        issued_at=format_optional(told.issued_us),
        ends_at=format_optional(told.ends_us),
        scopes=None if told.scopes is None else sorted(told.scopes),
    )


def _logged_out(row: LogRow) -> LoggedOut:
    return LoggedOut(
        request_id=row.request_id,
        at=format_time(row.at_us),
        verdict=BY_NUMBER[row.verdict].code,
    )

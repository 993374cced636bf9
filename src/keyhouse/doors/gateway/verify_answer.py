"""What verify answers: a verdict, or the problem with what was asked."""

from typing import Any

from keyhouse.core.answers import retry_after, shown_code
from keyhouse.core.decision import Decision
from keyhouse.core.moments import format_time
from keyhouse.doors.gateway.verify_body import Faulty


def told(
    decision: Decision, request_id: str, reservation: str | None = None
) -> dict[str, Any]:
    """A verdict, as JSON has it; `reservation` is the id of what was reserved."""
    key, application = decision.key, decision.application
    body: dict[str, Any] = {
        "allowed": decision.allowed,
        "code": shown_code(decision.verdict),
        "status": decision.verdict.status,
        "detail": decision.verdict.detail,
        "request_id": request_id,
        "key": key and {"id": key.id, "name": key.name, "environment": key.environment},
        "application": application
        and {
            "id": application.id,
            "name": application.name,
            "external_id": application.external_id,
        },
        "customer": decision.customer,
        "subject": decision.subject,
        "scopes": sorted(decision.scopes),
        "scopes_missing": list(decision.scopes_missing),
        "limits": [
            {**limit._asdict(), "kind": limit.kind.value} for limit in decision.limits
        ],
        "retry_after": None if decision.retry_us is None else retry_after(decision),
        "deprecated_at": None,
        "sunset": None,
    }
    if decision.line is not None and decision.line.notice is not None:
        notice = decision.line.notice
        body["deprecated_at"] = _time(notice.deprecated_us)
        body["sunset"] = _time(notice.sunset_at(decision.at_us))
    if reservation is not None:
        body["reservation"] = reservation
        body["reserved"] = decision.units
    return body


def _time(at_us: int | None) -> str | None:
    return None if at_us is None else format_time(at_us)


def problem(faulty: Faulty, request_id: str) -> dict[str, Any]:
    """A fault of the caller's. `allowed` is there for those who read nothing else."""
    code = {400: "bad_json", 404: "api_not_found"}.get(faulty.status, "bad_field")
    told = faulty.problem
    return {
        "allowed": False,
        "type": f"urn:keyhouse:problem:{code}",
        "title": "The request cannot be understood",
        "status": faulty.status,
        "detail": f"{told.field}: {told.reason}; {told.mend}.",
        "code": code,
        "request_id": request_id,
        "errors": [told._asdict()],
    }

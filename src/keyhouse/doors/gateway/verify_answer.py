"""What verify answers: a verdict, or the problem with what was asked."""

from functools import lru_cache
from typing import Any, Final

from keyhouse.core.answers import retry_after, shown_code
from keyhouse.core.decision import LINES_MAX, Decision, LimitState, Term, limit_terms
from keyhouse.core.moments import format_time
from keyhouse.core.records import Line
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.verify_body import Faulty

_VALID: Final = Verdict.VALID


def answer(decision: Decision, request_id: str, reservation: str | None = None) -> bytes:
    """`told` as JSON. All that stays the same from one good answer of a key to the

    next is written once.
    """
    line = decision.line
    if (
        decision.verdict is not _VALID
        or line is None
        or line.notice is not None
        or reservation is not None
    ):
        return refuse.to_json(told(decision, request_id, reservation))
    return _template(line) % (request_id.encode("ascii"), *decision.left)


@lru_cache(LINES_MAX)
def _template(line: Line) -> bytes:
    """`%b` for the request id, then `%d` twice for each limit: remaining, reset."""
    body = told(Decision(_VALID, 0, line), "")
    fields = {
        name: refuse.to_json(value).replace(b"%", b"%%") for name, value in body.items()
    }
    terms = limit_terms(line, len(line.rates), len(line.quotas))
    fields["request_id"] = b'"%b"'
    fields["limits"] = b"[%b]" % b",".join(map(_limit, terms))
    return b"{%b}" % b",".join(
        b'"%b":%b' % (name.encode("ascii"), value) for name, value in fields.items()
    )


def _limit(term: Term) -> bytes:
    """One limit. What never starts anew takes its second number and tells none."""
    state = _told_limit(LimitState(*term, remaining=0, reset_seconds=None))
    del state["remaining"], state["reset_seconds"]
    head = refuse.to_json(state)[:-1].replace(b"%", b"%%")
    reset = b"%d" if term.window_seconds else b"null%.0a"
    return b'%b,"remaining":%%d,"reset_seconds":%b}' % (head, reset)


def _told_limit(limit: LimitState) -> dict[str, Any]:
    return {**limit._asdict(), "kind": limit.kind.value}


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
        "limits": [_told_limit(limit) for limit in decision.limits],
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

"""How a decision is told over HTTP: the same words at every door.

Problems follow RFC 9457, challenges RFC 6750 (section 3), limits the IETF
draft of the RateLimit header fields (structured fields, RFC 9651), ends as
`core.notices` has it.
"""

from functools import lru_cache

from keyhouse.core.decision import LINES_MAX, Decision, limit_terms, limits_met
from keyhouse.core.records import Line
from keyhouse.core.scopes import is_entry
from keyhouse.core.verdict import Verdict

PROBLEM_TYPE = "application/problem+json"
_REALM = 'Bearer realm="keyhouse"'


def shown_code(verdict: Verdict) -> str:
    """The code that a caller sees: an unknown secret reads like a malformed one."""
    return Verdict.UNKNOWN.code if verdict is Verdict.MALFORMED else verdict.code


def problem(
    verdict: Verdict, request_id: str, decision: Decision | None = None
) -> dict[str, object]:
    """The problem's body: type, title, status, detail, code, request_id.

    A missing scope and a used-up limit are named where the decision tells them.
    """
    code = shown_code(verdict)
    body: dict[str, object] = {
        "type": f"urn:keyhouse:problem:{code}",
        "title": verdict.title,
        "status": verdict.status,
        "detail": verdict.detail,
        "code": code,
        "request_id": request_id,
    }
    if decision is not None and decision.scopes_missing:
        body["scopes_missing"] = list(decision.scopes_missing)
    if decision is not None and decision.retry_us is not None:
        body["retry_after"] = retry_after(decision)
    return body


def retry_after(decision: Decision) -> int:
    """Whole seconds to wait, at least 1."""
    return max(1, -(-(decision.retry_us or 0) // 1_000_000))


def challenge(decision_or_verdict: Decision | Verdict) -> str | None:
    """The WWW-Authenticate header of a 401 or a missing scope, else None.

    What a door asked for and is no entry of scopes (`core.scopes`) is left
    out: it could end the quoted text. One with alternatives is told as it is
    written: `|` may stand in a scope token.
    """
    missing: tuple[str, ...] = ()
    if isinstance(decision_or_verdict, Decision):
        verdict, missing = decision_or_verdict.verdict, decision_or_verdict.scopes_missing
    else:
        verdict = decision_or_verdict
    if verdict is Verdict.SCOPE_MISSING:
        scope = " ".join(filter(is_entry, missing))
        told = f', scope="{scope}"' if scope else ""
        return f'{_REALM}, error="insufficient_scope"{told}'
    if verdict.status != 401:
        return None
    return _REALM if verdict is Verdict.MISSING else f'{_REALM}, error="invalid_token"'


def limit_headers(decision: Decision) -> list[tuple[str, str]]:
    """RateLimit-Policy and RateLimit, nothing where no limit was met."""
    line = decision.line
    if line is None or not decision.left:
        return []
    policy, template = _told(line, *limits_met(decision))
    return [("RateLimit-Policy", policy), ("RateLimit", template % decision.left)]


def notice_headers(decision: Decision) -> list[tuple[str, str]]:
    """Deprecation and Sunset, for whoever uses what has an end and is not refused

    as it is over already.
    """
    line = decision.line
    if line is None or line.notice is None or decision.verdict.status == 401:
        return []
    return list(line.notice.headers(decision.at_us))


def passed_headers(decision: Decision) -> list[tuple[str, str]]:
    """All headers that go with the answer to a request that passed."""
    return [*limit_headers(decision), *notice_headers(decision)]


def refusal_headers(decision: Decision) -> list[tuple[str, str]]:
    """All headers that go with a refusal, besides its content type."""
    headers = passed_headers(decision)
    told = challenge(decision)
    if told is not None:
        headers.append(("WWW-Authenticate", told))
    if decision.retry_us is not None:
        headers.append(("Retry-After", str(retry_after(decision))))
    elif decision.verdict is Verdict.UNAVAILABLE:
        headers.append(("Retry-After", "1"))
    return headers


@lru_cache(LINES_MAX)
def _told(line: Line, rates: int, quotas: int) -> tuple[str, str]:
    """The policy of so many limits of a line, and a template for their state.

    The template has `%d` for each number of `Decision.left`.
    """
    terms = limit_terms(line, rates, quotas)
    policy = ", ".join(
        f'"{term.name}";q={term.amount}'
        + (f";w={term.window_seconds}" if term.window_seconds else "")
        for term in terms
    )
    # What never starts anew takes its second number and tells nothing of it.
    told = [
        (term.name.replace("%", "%%"), ";t=%d" if term.window_seconds else "%.0s")
        for term in terms
    ]
    return policy, ", ".join(f'"{name}";r=%d{reset}' for name, reset in told)

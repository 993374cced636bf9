"""`/v1/usage`, `/v1/requests` and `/v1/audit`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import AuditOut, RequestOut, UsageOut
from keyhouse.doors.api.calls import AnyCall, operation, turn
from keyhouse.doors.api.shapes import audit_out, request_out, usage_out
from keyhouse.ports import Page
from keyhouse.services import audit, reports

router = APIRouter(tags=["Reports"])


@operation(
    router,
    "GET",
    "/v1/usage",
    id="report_usage",
    scope=reports.READ_USAGE,
    answer=UsageOut,
    many=True,
)
def report_usage(call: AnyCall, query: Annotated[models.UsageQuery, Query()]) -> Response:
    """What was used, by step of time, by what is grouped by, and by verdict.

    Slot i of `latency` counts answers that took less than 2^i · 100 µs, the
    last one all longer ones.
    """
    wish = reports.UsageWish(
        query.since,
        query.until,
        reports.Step(query.step),
        tuple(group.strip() for group in query.group_by.split(",") if group.strip()),
        _given(query, "key", "api", "application", "environment"),
    )
    return call.page(lambda look: Page(reports.report_usage(look, wish), None), usage_out)


@operation(
    router,
    "GET",
    "/v1/requests",
    id="list_requests",
    scope=reports.READ_REQUESTS,
    answer=RequestOut,
    many=True,
)
def list_requests(
    call: AnyCall, query: Annotated[models.RequestsQuery, Query()]
) -> Response:
    """The request log, the newest first; refused requests are in it."""
    equals = _given(query, "key", "api", "application", "verdict")
    return call.page(
        lambda look: reports.list_requests(look, turn(query), equals), request_out
    )


@operation(
    router,
    "GET",
    "/v1/audit",
    id="list_audit",
    scope=audit.READ,
    answer=AuditOut,
    many=True,
)
def list_audit(call: AnyCall, query: Annotated[models.AuditQuery, Query()]) -> Response:
    """Who changed what, the newest first."""
    return call.page(
        lambda look: audit.list_audit(
            look,
            turn(query),
            subject=query.subject,
            actor=query.actor,
            action=query.action,
        ),
        audit_out,
    )


def _given(query: models.Query, *names: str) -> dict[str, str]:
    values = {name: getattr(query, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}

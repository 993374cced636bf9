"""`/v1/usage`, `/v1/requests` with what explains them, `/v1/alerts`, `/v1/audit`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from keyhouse.doors.api import models
from keyhouse.doors.api.answers import (
    AlertOut,
    AuditOut,
    RequestOut,
    UnknownKeysOut,
    UsageOut,
)
from keyhouse.doors.api.calls import AnyCall, Lines, operation, turn
from keyhouse.doors.api.explain_shapes import ExplanationOut
from keyhouse.doors.api.explaining import explanation_out
from keyhouse.doors.api.shapes import (
    alert_out,
    audit_out,
    request_out,
    unknown_keys_out,
    usage_out,
)
from keyhouse.doors.api.token_shapes import UserUsageOut, user_usage_out
from keyhouse.ports import Page
from keyhouse.services import audit, explain, issue, reports
from keyhouse.services.work import Turn

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

    Of times that are long past the sums are kept less finely: by the quarter of an
    hour, by the day and by the month (UTC). Each such row belongs to the step in
    which it begins.

    Rows come in order of time, then of what is grouped by and of verdicts. Those of
    many keys take several pages: go on with `next_cursor`, and give `until`, without
    which each page is of the day up to its own moment. A cursor belongs to one grouping.

    Slot i of `latency` counts answers that took less than 2^i · 100 µs, the
    last one all longer ones.
    """
    wish = reports.UsageWish(
        query.since,
        query.until,
        reports.Step(query.step),
        tuple(group.strip() for group in query.group_by.split(",") if group.strip()),
        _given(query, "key", "api", "application", "environment"),
        query.time_zone,
    )
    asked = Turn(query.cursor, query.limit)
    return call.page(lambda look: reports.list_usage(look, wish, asked), usage_out)


@operation(
    router,
    "GET",
    "/v1/usage/unknown-keys",
    id="report_unknown_keys",
    scope=reports.READ_USAGE,
    answer=UnknownKeysOut,
    many=True,
)
def report_unknown_keys(
    call: AnyCall, query: Annotated[models.UnknownKeysQuery, Query()]
) -> Response:
    """Where keys were tried that are not known, the most attempts first.

    Days are whole ones, UTC. For each API and verdict the busiest networks are
    named, `other` is the rest: all together is what was counted.
    """
    wish = reports.UnknownKeysWish(query.since, query.until, _given(query, "api"))
    return call.page(
        lambda look: Page(reports.unknown_keys(look, wish), None), unknown_keys_out
    )


@operation(
    router,
    "GET",
    "/v1/usage/users",
    id="report_users",
    scope=reports.READ_USAGE,
    answer=UserUsageOut,
    many=True,
)
def report_users(call: AnyCall, query: Annotated[models.UsersQuery, Query()]) -> Response:
    """Which users call most, by API and verdict; the most requests first.

    Days are whole ones, UTC. For each key and API the busiest users of a day are
    counted by name, and the 500 busiest told; a row without a user is the rest of
    its API and verdict: all together is what was counted.
    """
    wish = reports.UsersWish(query.since, query.until, _given(query, "api", "key"))
    return call.page(
        lambda look: Page(reports.report_users(look, wish), None), user_usage_out
    )


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
    "POST",
    "/v1/requests/{id}/explain",
    id="explain_request",
    scope=issue.READ,
    answer=ExplanationOut,
)
def explain_request(call: AnyCall, id: str) -> Response:
    """What a request came to, every reason for it, and what it would come to now.

    Needs `requests:read` as well. The log keeps method, path and address of a
    request; `not_kept` names the rest. It is in the log a second or two after
    its answer.
    """
    return call.told(lambda look: explain.explain_request(look, id), explanation_out)


@operation(
    router,
    "GET",
    "/v1/alerts",
    id="list_alerts",
    scope=reports.READ_USAGE,
    answer=AlertOut,
    many=True,
)
def list_alerts(call: AnyCall, query: Annotated[models.AlertsQuery, Query()]) -> Response:
    """Secrets seen where they must not be and keys used unlike before, the newest first.

    `sample` is the origin of the page, or the network of the caller; of a spike, what
    it came to and what was the most before. `count` counts calls, of a spike quarters
    of an hour, and networks of those that are unfamiliar.
    """
    wanted = reports.AlertFilter(query.key, query.kind)
    return call.page(lambda look: reports.list_alerts(look, turn(query), wanted), alert_out)


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
            stretch=audit.Stretch(query.since, query.until),
        ),
        audit_out,
    )


@operation(
    router,
    "GET",
    "/v1/audit/export",
    id="export_audit",
    scope=audit.READ,
    answer=Lines(AuditOut),
)
def export_audit(
    call: AnyCall, query: Annotated[models.AuditExportQuery, Query()]
) -> Response:
    """All of the audit, the oldest row first, one JSON object a line.

    Where it breaks off, the last whole line's id as `after` goes on behind it.
    On PostgreSQL the last minute is left for the next export.
    """
    stretch = audit.Stretch(query.since, query.until)
    return call.streamed(
        lambda office, actor: audit.export_audit(office, actor, stretch, query.after),
        audit_out,
    )


def _given(query: models.Query, *names: str) -> dict[str, str]:
    values = {name: getattr(query, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}

"""Between the services of rotation and what is told of them."""

from keyhouse.core.entities import Calendar, ReminderKind, RotationSchedule
from keyhouse.doors.api.rotation_models import (
    CalendarOut,
    CallerOut,
    DueOut,
    RotationBody,
    RotationOut,
    ScheduleBody,
    ScheduleOut,
    SecretCallsOut,
)
from keyhouse.doors.api.times import format_optional, format_time
from keyhouse.services.issue import Usual
from keyhouse.services.rotation import Caller, Dated, RotationView, SecretCalls


def schedule(body: ScheduleBody | None) -> RotationSchedule | None:
    """A schedule as rows hold it."""
    if body is None:
        return None
    return RotationSchedule(
        every_days=body.every_days, overlap_seconds=body.overlap_seconds
    )


def schedule_out(row: RotationSchedule | None) -> ScheduleOut | None:
    """A schedule, told."""
    if row is None:
        return None
    return ScheduleOut(every_days=row.every_days, overlap_seconds=row.overlap_seconds)


def overlap(body: RotationBody) -> int | Usual | None:
    """The overlap that a request asks for; null is one without end."""
    if "overlap_seconds" not in body.model_fields_set:
        return Usual.OVERLAP
    return body.overlap_seconds


def rotation_out(view: RotationView) -> RotationOut:
    """How a rotation stands, told."""
    held = view.scheduled
    return RotationOut(
        key=view.key.id,
        state=view.state.value,
        schedule=schedule_out(held.schedule if held else None),
        schedule_of=held.holder.value if held else None,
        plan=held.plan_id if held else None,
        due_at=format_optional(view.due_at),
        can_roll_back=view.roll_back_not is None,
        secrets=[_secret_out(one) for one in view.secrets],
    )


def _secret_out(one: SecretCalls) -> SecretCallsOut:
    row = one.view.secret
    return SecretCallsOut(
        id=row.id,
        version=row.version,
        hint=row.hint,
        # One that is over is not among them.
        state=one.view.state.value,  # type: ignore[arg-type]
        ends_at=format_optional(row.ends_at),
        replaced_at=format_optional(row.replaced_at),
        waits_for=row.waits_for,
        last_used_at=format_optional(one.view.last_used_at),
        requests_last_hour=one.requests_hour,
        requests_last_day=one.requests_day,
        addresses=_callers(one.addresses),
        calls=_callers(one.calls),
    )


def _callers(found: list[Caller] | None) -> list[CallerOut] | None:
    if found is None:
        return None
    return [
        CallerOut(what=one.what, requests=one.requests, last_at=format_time(one.last_at))
        for one in found
    ]


def due_out(one: Dated, now_us: int) -> DueOut:
    """What is due, told."""
    return DueOut(
        key=one.key.id,
        name=one.key.name,
        hint=one.hint,
        kind="rotation" if one.kind is ReminderKind.ROTATION else "expiry",
        due_at=format_time(one.due_at),
        overdue=one.due_at <= now_us,
    )


def calendar_out(row: Calendar) -> CalendarOut:
    """A calendar without its token, told."""
    return CalendarOut(
        id=row.id,
        name=row.name,
        created_by=row.created_by,
        created_at=format_time(row.created_at),
    )

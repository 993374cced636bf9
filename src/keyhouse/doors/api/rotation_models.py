"""What requests and answers about the rotation of secrets hold."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from keyhouse.core.rotation import OVERLAP_SECONDS_MAX
from keyhouse.doors.api.times import ToldTime

_BODY = "06TbZQ2dGmM8vXk1cPqRst"
_AT = "2026-03-01T12:00:00Z"
_DUE = "2026-05-30T12:00:00Z"
SCHEDULE: dict[str, Any] = {"every_days": 90, "overlap_seconds": 604_800}
_KNOWN = ConfigDict(extra="forbid", strict=True)


def _config(example: dict[str, Any], config: ConfigDict | None = None) -> ConfigDict:
    return ConfigDict(**(config or {}), json_schema_extra={"examples": [example]})


class ScheduleBody(BaseModel):
    """How often a key is to get a new secret."""

    every_days: int = Field(description="Days from a secret's start: 1 to 3650.")
    overlap_seconds: int | None = Field(
        None, description="The overlap of a rotation that names none."
    )
    model_config = _config(SCHEDULE, _KNOWN)


class ScheduleOut(BaseModel):
    """How often a key is to get a new secret."""

    every_days: int
    overlap_seconds: int | None
    model_config = _config(SCHEDULE)


class RotationBody(BaseModel):
    """A new secret for a key; the older ones go on for the overlap at most."""

    overlap_seconds: int | None = Field(
        None,
        description="0 refuses the older secrets at once; at most 366 days "
        f"({OVERLAP_SECONDS_MAX}); null: until they are ended. Left out: as the "
        "schedule of the key or application says.",
    )
    on_first_use: bool = Field(
        False, description="The overlap begins when the new secret is first used."
    )
    model_config = _config({"overlap_seconds": 604_800, "on_first_use": True}, _KNOWN)


class CallerOut(BaseModel):
    """An address, or a method and path, in the newest lines of the request log."""

    what: str
    requests: int
    last_at: ToldTime
    model_config = _config({"what": "203.0.113.7", "requests": 12, "last_at": _AT})


class SecretCallsOut(BaseModel):
    """A secret that works, and who uses it; null what the caller may not see."""

    id: str
    version: int
    hint: str
    state: Literal["active", "ending", "not_yet_valid"]
    ends_at: ToldTime | None
    replaced_at: ToldTime | None
    waits_for: int | None
    last_used_at: ToldTime | None
    requests_last_hour: int | None
    requests_last_day: int | None
    addresses: list[CallerOut] | None
    calls: list[CallerOut] | None


class RotationOut(BaseModel):
    """How the rotation of a key stands."""

    key: str
    state: Literal["unscheduled", "scheduled", "rotation_due"]
    schedule: ScheduleOut | None
    schedule_of: Literal["key", "application", "plan"] | None
    plan: str | None
    due_at: ToldTime | None
    can_roll_back: bool
    secrets: list[SecretCallsOut]
    model_config = _config(
        {
            "key": f"key_{_BODY}",
            "state": "scheduled",
            "schedule": SCHEDULE,
            "schedule_of": "application",
            "plan": None,
            "due_at": _DUE,
            "can_roll_back": True,
            "secrets": [
                {
                    "id": f"sec_{_BODY}",
                    "version": 1,
                    "hint": "kh_sk_test_…k9Qa",
                    "state": "active",
                    "ends_at": None,
                    "replaced_at": _AT,
                    "waits_for": 2,
                    "last_used_at": _AT,
                    "requests_last_hour": 3,
                    "requests_last_day": 70,
                    "addresses": [{"what": "203.0.113.7", "requests": 3, "last_at": _AT}],
                    "calls": [{"what": "GET /weather", "requests": 3, "last_at": _AT}],
                }
            ],
        }
    )


class DueOut(BaseModel):
    """What is due of a key: a new secret, or its end."""

    key: str
    name: str
    hint: str
    kind: Literal["rotation", "expiry"]
    due_at: ToldTime
    overdue: bool
    model_config = _config(
        {
            "key": f"key_{_BODY}",
            "name": "Route planner",
            "hint": "kh_sk_test_…k9Qa",
            "kind": "rotation",
            "due_at": _DUE,
            "overdue": False,
        }
    )


class CalendarBody(BaseModel):
    """A new calendar of what is due."""

    name: str
    model_config = _config({"name": "on call"}, _KNOWN)


_CALENDAR: dict[str, Any] = {
    "id": f"cal_{_BODY}",
    "name": "on call",
    "created_by": f"usr_{_BODY}",
    "created_at": _AT,
}


class CalendarOut(BaseModel):
    """A calendar of what is due; its address is not told again."""

    id: str
    name: str
    created_by: str
    created_at: ToldTime
    model_config = _config(_CALENDAR)


class CalendarCreatedOut(CalendarOut):
    """A new calendar. `secret` is its address, which no other answer holds."""

    secret: str | None
    secret_already_shown: bool
    model_config = _config(
        {
            **_CALENDAR,
            "secret": "https://keys.example/calendar/…43 characters….ics",
            "secret_already_shown": False,
        }
    )

"""How the rotation of a key stands: which secrets work, and who still uses them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from keyhouse.core.addresses import format_address
from keyhouse.core.entities import Key, SecretRow
from keyhouse.core.rotation import due_us, is_over, newest_of
from keyhouse.core.usage import LogRow
from keyhouse.ports import SecretUse
from keyhouse.services import issue
from keyhouse.services.issue import READ, Scheduled, SecretView
from keyhouse.services.refusals import Forbidden, NotFound
from keyhouse.services.work import Look

READ_USAGE = "usage:read"
READ_REQUESTS = "requests:read"
LINES_MAX: Final = 500
CALLERS_MAX: Final = 20


class RotationState(StrEnum):
    """Whether a key's secret is to be replaced."""

    UNSCHEDULED = "unscheduled"
    SCHEDULED = "scheduled"
    ROTATION_DUE = "rotation_due"


class Caller(NamedTuple):
    """Where calls came from, or what they asked for, and when last; as logged."""

    what: str
    requests: int
    last_at: int


class SecretCalls(NamedTuple):
    """A secret that works, and its use. None for what the actor may not see."""

    view: SecretView
    requests_hour: int | None
    requests_day: int | None
    addresses: list[Caller] | None
    calls: list[Caller] | None


class RotationView(NamedTuple):
    """How the rotation of a key stands. `roll_back_not` says why it cannot be

    taken back, None where it can.
    """

    key: Key
    scheduled: Scheduled | None
    due_at: int | None
    state: RotationState
    roll_back_not: str | None
    secrets: list[SecretCalls]


def get_rotation(look: Look, id: str) -> RotationView:
    """How the rotation of a key within reach stands.

    Counts need `usage:read` and callers `requests:read` on the key.
    """
    key = issue.reached_key(look, READ, id)
    rows = {row.id: row for row in look.tx.find(SecretRow, key_id=key.id)}
    scheduled = issue.schedule_of_key(look.tx, key)
    schedule = scheduled.schedule if scheduled else None
    due_at = due_us(schedule, newest_of(list(rows.values()), look.now_us))
    newest = max(rows.values(), key=lambda row: row.version)
    return RotationView(
        key=key,
        scheduled=scheduled,
        due_at=due_at,
        state=_state(due_at, look.now_us),
        roll_back_not=issue.why_not(look, rows, newest),
        secrets=_secrets(look, key, rows.values()),
    )


def _state(due_at: int | None, now_us: int) -> RotationState:
    if due_at is None:
        return RotationState.UNSCHEDULED
    return RotationState.ROTATION_DUE if now_us >= due_at else RotationState.SCHEDULED


def _secrets(look: Look, key: Key, rows: Iterable[SecretRow]) -> list[SecretCalls]:
    living = [row for row in rows if not is_over(row, look.now_us)]
    living.sort(key=lambda row: -row.version)
    versions = [row.version for row in living]
    last = look.reports.secrets_last_used(key.id)
    counts, callers = (_may(look, one, key) for one in (READ_USAGE, READ_REQUESTS))
    lines_max = LINES_MAX if callers else 0
    used = look.reports.secret_use(key.id, versions, look.now_us, lines_max)
    return [
        _told(
            SecretView(row, issue.secret_state(row, look.now_us), last.get(row.version)),
            used[row.version],
            counts=counts,
            callers=callers,
        )
        for row in living
    ]


def _told(view: SecretView, use: SecretUse, *, counts: bool, callers: bool) -> SecretCalls:
    addresses = calls = None
    if callers:
        addresses = _callers((format_address(line.address), line) for line in use.lines)
        calls = _callers((f"{line.method} {line.path}", line) for line in use.lines)
    return SecretCalls(
        view,
        use.requests_hour if counts else None,
        use.requests_day if counts else None,
        addresses,
        calls,
    )


def _callers(found: Iterable[tuple[str, LogRow]]) -> list[Caller]:
    """The most seen first."""
    seen: dict[str, tuple[int, int]] = {}
    for what, line in found:
        requests, last_at = seen.get(what, (0, 0))
        seen[what] = (requests + 1, max(last_at, line.at_us))
    callers = [Caller(what, *numbers) for what, numbers in seen.items()]
    callers.sort(key=lambda one: (-one.requests, -one.last_at, one.what))
    return callers[:CALLERS_MAX]


def _may(look: Look, scope: str, key: Key) -> bool:
    try:
        issue.reached_key(look, scope, key.id)
    except (Forbidden, NotFound):
        return False
    return True

"""Reading alerts."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from keyhouse.core.entities import Alert, AlertKind
from keyhouse.core.validation import Problem
from keyhouse.ports import Page
from keyhouse.services.refusals import Invalid
from keyhouse.services.reports.queries import READ_USAGE, sees_key
from keyhouse.services.work import Look, Turn

RECENT_MAX: Final = 1000
SHOWN_MAX: Final = 40


class AlertFilter(NamedTuple):
    """Which alerts are wanted: those that fit all that is not None."""

    key: str | None = None
    kind: str | None = None


def list_alerts(look: Look, turn: Turn, wanted: AlertFilter) -> Page:
    """Alerts on the organization's keys, those of the newest day first.

    Whoever sees but some of it names a key that they see.
    """
    if wanted.kind is not None and wanted.kind not in tuple(AlertKind):
        mend = f"choose among {', '.join(AlertKind)}"
        raise Invalid([Problem("kind", "is no kind of alert", mend)])
    reach = look.actor.reach(READ_USAGE)
    if not reach.whole and not sees_key(look, READ_USAGE, wanted.key or ""):
        mend = "name a key that your management key is for"
        raise Invalid([Problem("key", "is needed, for you see only some", mend)])
    named = {"key_id": wanted.key, "kind": wanted.kind}
    equals = {name: value for name, value in named.items() if value is not None}
    organization = look.actor.organization_id
    return look.page(Alert, turn, {"organization_id": organization, **equals})


def alerts_of_key(look: Look, key_id: str, since_us: int) -> list[Alert]:
    """The newest of each kind on a key that the actor sees, none from before."""
    rows = look.tx.page(Alert, after=None, limit=SHOWN_MAX, key_id=key_id).rows
    return newest_by_kind(row for row in rows if row.last_at >= since_us)


def newest_by_kind(alerts: Iterable[Alert]) -> list[Alert]:
    """The first of each kind, of alerts that come the newest first."""
    newest: dict[AlertKind, Alert] = {}
    for alert in alerts:
        newest.setdefault(alert.kind, alert)
    return list(newest.values())


def recent_alerts(look: Look, since_us: int) -> dict[str, list[Alert]]:
    """The newest alerts of the organization by key, none from before."""
    organization = look.actor.organization_id
    page = look.tx.page(Alert, after=None, limit=RECENT_MAX, organization_id=organization)
    found: dict[str, list[Alert]] = {}
    for row in page.rows:
        if row.last_at >= since_us:
            found.setdefault(row.key_id, []).append(row)
    return found
